//! The port of snapshots: folded states kept beside the log, so that a cold load does not grow with history.

use std::fmt::Debug;

use bytes::Bytes;

use crate::{BoxFuture, Seq, Subject};

/// A folded state as it was after one commit of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit; what comes after it in the subject is still to be folded.
    pub seq: Seq,
    /// The state in whatever form its owner chose, its version and its authentication included.
    pub state: Bytes,
}

/// Why a snapshot was not there or not kept: the caller folds from the log instead. Internal text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("snapshots are unavailable: {0}")]
pub struct SnapshotError(pub String);

/// A disposable cache, one snapshot a subject: anything in it may be lost, stale or thrown away at any time, and
/// nothing but the time of a cold load changes.
pub trait SnapshotStore: Send + Sync + Debug {
    /// The newest snapshot it has of a subject.
    fn get<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>>;

    /// Keeps a snapshot in place of the one it has of the subject. The last one given is the right one, whatever
    /// position the other claims: that one may be of an older encoding, damaged, or of a log that was put back from a
    /// backup. One that was overtaken on its way does no harm. Need not be durable.
    fn put<'a>(&'a self, subject: &'a Subject, snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>>;
}
