//! The worker: carries every delivery request of the log to an end, and writes down which.
//!
//! ```text
//! log: delivery requests ──> follow / recover ──┐
//!                                               ├─> admit ──> carry: wait, examine, send ──> log: ledger
//! queue of the same requests ──> claimed ───────┘
//! ```
//!
//! - A request is *open* until its ledger has a final entry. Nothing else is remembered: after any crash the open ones
//!   are found in the log again (see `recover`), or handed out again by the queue once their claim has run out, and then
//!   the ledger says how far they came (see `past`). Sending comes before recording, so a crash in between sends a message
//!   twice, with the same code and the same `Message-ID`; it never loses one.
//! - Before every attempt the user's state is read from the log: a code that no longer works is not sent.
//! - An attempt with an unknown end (the connection broke after the message) is repeated once: not having the code is
//!   worse than having it twice. A second unknown end is final and recorded as dead with the cause `unknown: …`,
//!   because "accepted" would be a guess.
//! - Texts of the ledger and of the logs are fixed words and provider codes (C29).
//!
//! Any number of workers may share a queue ([`Intake::Queue`]). One that follows the log ([`Intake::Log`]) is alone with
//! its channels.

mod admit;
mod backoff;
mod carry;
mod claimed;
mod config;
mod examine;
mod follow;
mod ledger;
mod outbound;
mod outstanding;
mod past;
mod reader;
mod recover;
mod request;
mod run;
mod sender;
mod senders;
mod status;
mod texts;

pub use self::config::{Intake, OperatorChannels, Retry, WorkerConfig};
pub use self::outbound::DeliveryOutbound;
pub use self::run::Worker;
pub use self::status::{DeliveryStatus, StatusSnapshot};
