//! The worker with real parts: an engine on a log, a mail server in a process of its own, a stand-in for Twilio.

mod counted;
mod house;
mod panel;
mod queue;
mod storm;
mod worker_codes;
mod worker_cost;
mod worker_drain;
mod worker_fair;
mod worker_faults;
mod worker_notices;
mod worker_providers;
mod worker_queue;
mod worker_recovery;
mod worker_redrive;
mod worker_routes;
mod worker_secrecy;
mod worker_stopped;
mod worker_tenants;
mod worker_traces;
