//! The same promises, kept by several processes: three of the API, one that sends, one that projects, on a NATS server
//! and PostgreSQL. Every connection goes to one of the three by chance. The tests are those of `acceptance`, unchanged.
//!
//! Not here: `crash`, which kills one process on one folder fifty times; the load generator's `faults` does that to every
//! part of this shape.

#[path = "../acceptance/account_profile.rs"]
mod account_profile;
#[path = "../acceptance/authenticator.rs"]
mod authenticator;
#[path = "../acceptance/canary.rs"]
mod canary;
#[path = "../acceptance/clients.rs"]
mod clients;
#[path = "../acceptance/concurrency.rs"]
mod concurrency;
#[path = "../acceptance/hideez.rs"]
mod hideez;
#[path = "../acceptance/hostkey.rs"]
mod hostkey;
#[path = "../acceptance/integration.rs"]
mod integration;
#[path = "../acceptance/ipi.rs"]
mod ipi;
#[path = "../acceptance/ipserverone.rs"]
mod ipserverone;
#[path = "../acceptance/languages.rs"]
mod languages;
#[path = "../acceptance/security.rs"]
mod security;
mod support;
