//! The worker: carries every delivery request of the log to an end, and writes down which.
//!
//! ```text
//! log: delivery requests ──> follow / recover ──┐            ┌──────── again ────────┐
//!                                               ├─> admit ──> yard ──> dispatch ──> carry: examine, send ──> log: ledger
//! queue of the same requests ──> claimed ───────┘            └──> overdue ──────────────────────────────────────┘
//! ```
//!
//! - A request is *open* until its ledger has a final entry. Nothing else is remembered: after any crash the open ones
//!   are found in the log again (see `recover`), or handed out again by the queue once their claim has run out, and then
//!   the ledger says how far they came (see `past`). Sending comes before recording, so a crash in between sends a message
//!   twice, with the same code and the same `Message-ID`; it never loses one.
//! - Nothing waits in a task of its own: messages wait in the yard, in an order that is fair to tenants and mindful of
//!   deadlines (see `fair`), and take a place only for the length of an attempt. What a tenant has beyond its share of the
//!   room is kept as a position of the log, or given back to the queue until its turn (see `admit`).
//! - Before every attempt the user's state is read from the log: a code that no longer works is not sent.
//! - A channel may have several providers (see `route`). After a failure that certainly handed nothing over the next one
//!   is asked at once; a provider that keeps failing is left alone for a while; what is paused waits.
//! - An attempt with an unknown end (the connection broke after the message) is the last one, recorded as dead with the
//!   cause `unknown: …`: "accepted" would be a guess, and a second message would cost twice. The login page is told that the
//!   code may not arrive, and another one can be asked for.
//! - Texts of the ledger and of the logs are fixed words and provider codes (C29).
//!
//! Any number of workers may share a queue ([`Intake::Queue`]). One that follows the log ([`Intake::Log`]) is alone with
//! its channels.

mod admit;
mod backoff;
mod carry;
mod claimed;
mod config;
mod dispatch;
mod examine;
mod fair;
mod follow;
mod job;
mod judge;
mod ledger;
mod outbound;
mod outstanding;
mod overdue;
mod past;
mod queues;
mod reader;
mod recover;
mod request;
mod route;
mod run;
mod sender;
mod senders;
mod status;
mod tally;
mod texts;
mod trial;
mod yard;

pub use self::config::{Intake, OperatorChannels, Retry, WorkerConfig};
pub use self::outbound::DeliveryOutbound;
pub use self::queues::{QueueSnapshot, TenantQueue};
pub use self::route::{BreakerRow, BreakerState, Breakers};
pub use self::run::Worker;
pub use self::status::{DeliveryStatus, StatusSnapshot};
pub use self::tally::{HANDOFF_BOUNDS_MS, Handoff, TallyKey};
