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

    /// Keeps a snapshot instead of an older one; an older one than it has may be dropped. Need not be durable.
    fn put<'a>(&'a self, subject: &'a Subject, snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>>;
}
