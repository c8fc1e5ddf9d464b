//! Answers that can be kept for an idempotent retry.

use serde::Serialize;
use twofold_event_log::Seq;

/// An answer of the API.
pub trait Answer: Serialize {
    /// HTTP status.
    fn status(&self) -> u16;

    /// Removes what is shown only once (recovery codes); the rest is kept for a retry.
    fn strip_shown_once(&mut self) {}

    /// Notes the position of the write.
    fn set_position(&mut self, position: u64);
}

/// An idempotency key with what it is bound to.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The client's key. 1 to 128 printable ASCII characters.
    pub key: String,
    /// Method and path.
    pub route: String,
    /// The request's body.
    pub body: Vec<u8>,
}

/// The answer, or the kept one of the first time.
#[derive(Debug)]
pub enum Reply<A> {
    /// Done now.
    Fresh(A),
    /// Done before with the same key.
    Replayed {
        /// HTTP status of the first time.
        status: u16,
        /// Body of the first time, without what is shown only once.
        body: serde_json::Value,
        /// Where the user stands now.
        position: Seq,
    },
}
