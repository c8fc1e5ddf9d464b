//! What the product promises its first customers, tried from outside: the real program, HTTP, mail, SMS, a phone.
//!
//! The name of a test begins with the criterion it proves. Needs the Debian packages oathtool, librsvg2-bin, zbar-tools,
//! curl, jq and python3 with pip; a test whose tool is missing fails and says so.

mod account_profile;
mod authenticator;
mod canary;
mod clients;
mod concurrency;
mod crash;
mod hideez;
mod hostkey;
mod integration;
mod ipi;
mod ipserverone;
mod languages;
mod security;
mod support;
