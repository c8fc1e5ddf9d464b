//! The port of the work queue: requests to deliver, each in the hands of one worker at a time.

use std::fmt::Debug;
use std::time::Duration;

use crate::{BoxFuture, ReadError, Stored};

/// Delivery requests of one channel or of several, shared by any number of workers in any number of processes.
///
/// A request comes again, to whichever worker asks next, until somebody says that it is done: after a worker's death, or
/// when it neither finished nor extended its claim in time. So work may be done twice in rare cases, and is never lost.
pub trait WorkQueue: Send + Sync + Debug {
    /// Waits for the next request and claims it. Dropping the future claims nothing for longer than one claim lasts.
    ///
    /// # Errors
    /// [`ReadError`]: ask again after a pause.
    fn next(&self) -> BoxFuture<'_, Result<Claimed, ReadError>>;

    /// How long a claim lasts unless it is extended.
    fn claim_lasts(&self) -> Duration;
}

/// A request and the claim on it.
#[derive(Debug)]
pub struct Claimed {
    /// The request as the log has it.
    pub stored: Stored,
    /// How often it was handed out, this time included; 1 is the first time.
    pub times: u64,
    /// The claim.
    pub claim: Box<dyn Claim>,
}

/// A claim. Dropping it neither finishes nor returns the request: it comes again when the claim has run out.
pub trait Claim: Send + Sync + Debug {
    /// Extends the claim by as long as it lasted at first. Best effort: a lost extension lets the request come again.
    fn extend(&self) -> BoxFuture<'_, ()>;

    /// The request is at its end and must not come again. Answers when the queue is told; that may be lost on the way.
    ///
    /// # Errors
    /// The queue could not be told. As when it was lost, the request comes again, and its ledger says that it is over.
    fn done(&self) -> BoxFuture<'_, Result<(), ReadError>>;

    /// Gives the request back, to be handed out after a pause.
    fn give_back(&self, after: Duration) -> BoxFuture<'_, ()>;
}
