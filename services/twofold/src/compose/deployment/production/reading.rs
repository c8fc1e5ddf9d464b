//! Snapshots for a process that may not write them.

use std::sync::Arc;

use twofold_event_log::{BoxFuture, Snapshot, SnapshotError, SnapshotStore, Subject};

/// Reads, and keeps nothing: what API processes believe only API processes write.
#[derive(Debug)]
pub struct ReadingSnapshots(pub Arc<dyn SnapshotStore>);

impl SnapshotStore for ReadingSnapshots {
    fn get<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>> {
        self.0.get(subject)
    }

    fn put<'a>(&'a self, _subject: &'a Subject, _snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>> {
        Box::pin(async { Ok(()) })
    }
}
