//! The worker: carries every delivery request of the log to an end, and writes down which.
//!
//! ```text
//! log: delivery requests ──> follow / recover ──> admit ──> carry: queue, examine, send ──> log: ledger
//! ```
//!
//! - A request is *open* until its ledger has a final entry. Nothing else is remembered: after any crash the open ones
//!   are found in the log again (see `recover`). Sending comes before recording, so a crash in between sends a message
//!   twice, with the same code and the same `Message-ID`; it never loses one.
//! - Before every attempt the user's state is read from the log: a code that no longer works is not sent.
//! - An attempt with an unknown end (the connection broke after the message) is repeated once: not having the code is
//!   worse than having it twice. A second unknown end is final and recorded as dead with the cause `unknown: …`,
//!   because "accepted" would be a guess.
//! - Texts of the ledger and of the logs are fixed words and provider codes (C29).
//!
//! Several workers may share a log: by channel, or by [`Share`]; two workers with the same part of it send twice.

mod admit;
mod backoff;
mod carry;
mod config;
mod examine;
mod follow;
mod ledger;
mod outbound;
mod outstanding;
mod reader;
mod recover;
mod request;
mod run;
mod sender;
mod senders;
mod status;
mod texts;

pub use self::config::{OperatorChannels, Retry, Share, WorkerConfig};
pub use self::outbound::DeliveryOutbound;
pub use self::run::Worker;
pub use self::status::{DeliveryStatus, StatusSnapshot};
