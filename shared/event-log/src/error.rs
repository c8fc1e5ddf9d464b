//! Errors of the port. Texts inside `reason` are internal: for logs, never for an answer to a caller outside.

use crate::{Seq, Subject};

/// Why a group was not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// An expectation was wrong. Nothing of the group was stored: reload the subject and decide again.
    #[error("the subject has moved on")]
    Conflict {
        /// The first subject of the group whose expectation was wrong.
        subject: Subject,
        /// Its last position; `None` when it has no commit.
        actual: Option<Seq>,
    },
    /// The log cannot be reached or cannot store.
    #[error("the event log is unavailable: {reason}")]
    Unavailable {
        /// Internal text.
        reason: String,
        /// `false`: certainly not stored. `true`: unknown; repeating the group with the same commit ids settles it.
        maybe_appended: bool,
    },
    /// Too many appends are waiting already. Certainly not stored; try later.
    #[error("too many appends are waiting")]
    Overloaded,
    /// A payload or the whole group is over its limit.
    #[error("{size_bytes} bytes, the limit is {limit_bytes}")]
    TooLarge {
        /// The size.
        size_bytes: usize,
        /// [`crate::MAX_PAYLOAD_BYTES`] or [`crate::MAX_GROUP_BYTES`].
        limit_bytes: usize,
    },
    /// A defect of the caller.
    #[error(transparent)]
    Invalid(#[from] InvalidAppend),
}

impl AppendError {
    /// Unavailable and certainly not stored.
    pub(crate) fn not_stored(reason: &(impl ToString + ?Sized)) -> Self {
        Self::Unavailable { reason: reason.to_string(), maybe_appended: false }
    }
}

/// What is wrong with a group as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAppend {
    /// No commit.
    #[error("a group has at least one commit")]
    Empty,
    /// More than [`crate::MAX_GROUP_COMMITS`].
    #[error("a group has too many commits")]
    TooManyCommits,
    /// Two commits of one subject.
    #[error("a group has one commit of a subject at most")]
    SubjectTwice,
    /// No expectation outside the ledger.
    #[error("only ledger entries are appended without an expectation")]
    Unconditional,
    /// The log was opened for reading.
    #[error("the log was opened for reading only")]
    ReadOnly,
}

/// Why nothing could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The log cannot be reached. Internal text.
    #[error("the event log is unavailable: {0}")]
    Unavailable(String),
    /// The log holds something that no writer of ours stored. Internal text.
    #[error("the event log is damaged: {0}")]
    Corrupt(String),
}

/// Why a log could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be opened, created or locked. Internal text.
    #[error("the event log cannot be opened: {0}")]
    Unavailable(String),
    /// The file is no log, or one of a newer version. Internal text.
    #[error("the event log has another schema: {0}")]
    Schema(String),
}

/// Why a text is not a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// More than [`crate::MAX_SUBJECT_BYTES`].
    #[error("subject too long")]
    TooLong,
    /// Not one of the categories' prefixes.
    #[error("unknown subject prefix")]
    UnknownPrefix,
    /// A token is empty or has something other than `[a-z0-9_-]`.
    #[error("malformed subject token")]
    BadToken,
    /// No tenant id where the category has it.
    #[error("subject without a tenant")]
    BadTenant,
    /// More or fewer tokens than the category has.
    #[error("wrong number of subject tokens")]
    TokenCount,
}
