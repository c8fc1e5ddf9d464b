//! Snapshots in memory, for tests: the same rules, gone with the process, and faults on demand.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::{BoxFuture, Snapshot, SnapshotError, SnapshotStore, Subject};

/// The store in memory. Clones share one store, as two nodes on one bucket would.
#[derive(Debug, Clone, Default)]
pub struct MemorySnapshots {
    kept: Arc<Mutex<HashMap<Subject, Snapshot>>>,
    unavailable: Arc<AtomicBool>,
}

impl MemorySnapshots {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every call fail, or work again.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.unavailable.store(unavailable, Ordering::SeqCst);
    }

    /// What it has of a subject, also while it is unavailable.
    pub fn kept(&self, subject: &Subject) -> Option<Snapshot> {
        self.kept.lock().get(subject).cloned()
    }

    /// Puts anything in place of what it has, as somebody with access to the store could.
    pub fn plant(&self, subject: &Subject, snapshot: Snapshot) {
        self.kept.lock().insert(subject.clone(), snapshot);
    }

    fn check(&self) -> Result<(), SnapshotError> {
        if self.unavailable.load(Ordering::SeqCst) { Err(SnapshotError("fault injected".to_owned())) } else { Ok(()) }
    }
}

impl SnapshotStore for MemorySnapshots {
    fn get<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>> {
        Box::pin(async move {
            self.check()?;
            Ok(self.kept(subject))
        })
    }

    fn put<'a>(&'a self, subject: &'a Subject, snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>> {
        Box::pin(async move {
            self.check()?;
            self.plant(subject, snapshot);
            Ok(())
        })
    }
}
