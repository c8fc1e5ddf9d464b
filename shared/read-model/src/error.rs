//! Errors. Texts inside are internal: for logs, never for an answer to a caller outside.

use twofold_event_log::{ReadError, Seq};

/// Why the store did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, opened or written.
    #[error("the read model is unavailable: {0}")]
    Unavailable(String),
    /// A row holds what this version never wrote: rebuild.
    #[error("the read model is damaged: {0}")]
    Corrupt(String),
    /// It is something else, or of a newer version.
    #[error("the read model has another schema: {0}")]
    Schema(String),
}

/// Why a batch was not projected. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProjectError {
    /// An event of a newer version: this process must not go on, and must not skip it.
    #[error("position {seq} holds an event this build does not know: {kind} version {version}")]
    UnknownEvent {
        /// Where.
        seq: Seq,
        /// Its wire type.
        kind: String,
        /// Its wire version.
        version: u32,
    },
    /// A commit that cannot be read.
    #[error("position {seq} cannot be read: {reason}")]
    Undecodable {
        /// Where.
        seq: Seq,
        /// Internal text.
        reason: String,
    },
    /// The batch does not go on where the checkpoint is.
    #[error("position {expected} is next, the batch has {found}")]
    Gap {
        /// The position after the checkpoint or after the commit before.
        expected: Seq,
        /// What came instead.
        found: Seq,
    },
    /// The store failed; trying again may help.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a rebuild or a comparison stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The log failed.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A commit could not be folded or stored.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The log ends before the checkpoint: the two do not belong together.
    #[error("the log ends at {head}, the read model is at {checkpoint}")]
    AheadOfLog {
        /// End of the log.
        head: Seq,
        /// The store's checkpoint.
        checkpoint: Seq,
    },
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        Self::Project(error.into())
    }
}
