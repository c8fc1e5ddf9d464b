//! The worker with real parts: an engine on a log, a mail server in a process of its own, a stand-in for Twilio.

mod house;
mod panel;
mod queue;
mod worker_codes;
mod worker_drain;
mod worker_faults;
mod worker_notices;
mod worker_queue;
mod worker_recovery;
mod worker_secrecy;
mod worker_tenants;
mod worker_traces;
