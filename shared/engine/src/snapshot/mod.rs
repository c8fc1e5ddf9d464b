//! Snapshots: what a cold load starts from, so that it costs the same after ten commits and after a hundred thousand.
//!
//! A snapshot is believed only when it carries our tag, is of this version, and the log holds the very commit it was
//! taken after. Everything else is as if there were none: the state comes from the log, only later.

mod counts;
mod pack;
mod seal;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use twofold_crypto::Keyring;
use twofold_event_log::{SnapshotStore, Subject};

use crate::user::Loaded;
use counts::{Count, Counts};

pub use counts::SnapshotCounts;

/// Commits folded at a load after which a new snapshot is due.
pub(crate) const LONG_TAIL: u32 = 8;
/// Commits of a user since his last snapshot after which the next is due, so that a crash leaves no longer tail.
pub(crate) const EVERY: u32 = 64;
/// Snapshots that may wait; one more is dropped, and offered again with the user's next commit. A few KiB each.
const WAITING: usize = 256;
/// Snapshots handed to the store at a time.
const TOGETHER: usize = 16;
/// How long a load waits for a snapshot before it folds the log instead.
const GET_TIMEOUT: Duration = Duration::from_millis(300);
/// How long the store may take to keep one.
const PUT_TIMEOUT: Duration = Duration::from_secs(5);

/// The store, and what waits to be kept in it.
#[derive(Debug)]
pub(crate) struct Snapshots {
    store: Option<Arc<dyn SnapshotStore>>,
    jobs: mpsc::Sender<Job>,
    /// Held by whoever writes.
    waiting: Mutex<mpsc::Receiver<Job>>,
    counts: Counts,
}

#[derive(Debug)]
struct Job {
    subject: Subject,
    loaded: Box<Loaded>,
}

impl Snapshots {
    pub fn new(store: Option<Arc<dyn SnapshotStore>>) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        Self { store, jobs, waiting: Mutex::new(waiting), counts: Counts::default() }
    }

    pub fn counts(&self) -> SnapshotCounts {
        self.counts.now()
    }

    /// The snapshot of a subject, if there is a genuine one. Whether the log holds its commit is still to be seen.
    pub async fn get(&self, keyring: &Keyring, subject: &Subject) -> Option<Loaded> {
        let store = self.store.as_ref()?;
        let snapshot = match tokio::time::timeout(GET_TIMEOUT, store.get(subject)).await {
            Ok(Ok(Some(snapshot))) => snapshot,
            Ok(Ok(None)) => {
                self.counts.add(Count::Absent);
                return None;
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "no snapshot could be read");
                self.counts.add(Count::Unavailable);
                return None;
            }
            Err(_) => {
                tracing::debug!("no snapshot in time");
                self.counts.add(Count::Unavailable);
                return None;
            }
        };
        match seal::open(keyring, subject, &snapshot) {
            Ok(loaded) => {
                self.counts.add(Count::Read);
                Some(loaded)
            }
            Err(why) => {
                tracing::debug!(%subject, seq = snapshot.seq.0, %why, "a snapshot is passed over");
                self.counts.add(Count::Refused);
                None
            }
        }
    }

    /// Notes that a genuine snapshot is of a commit that the log does not hold.
    pub fn not_in_the_log(&self, subject: &Subject) {
        tracing::debug!(%subject, "a snapshot of another history is passed over");
        self.counts.add(Count::Refused);
    }

    /// Hands a state over to be kept, if so many commits or more are not in a snapshot yet. Never waits.
    pub fn offer(&self, subject: &Subject, loaded: &mut Loaded, after: u32) {
        // What was sealed for an erased user goes from the store as well, at once.
        let due = loaded.unsaved >= after || (loaded.user.erased && loaded.unsaved > 0);
        if !due || self.store.is_none() {
            return;
        }
        match self.jobs.try_reserve() {
            Ok(place) => {
                loaded.unsaved = 0;
                place.send(Job { subject: subject.clone(), loaded: Box::new(loaded.clone()) });
            }
            Err(_) => self.counts.add(Count::Dropped),
        }
    }

    /// Keeps what is offered until dropped. Of several that run, one works.
    pub async fn keep(&self, keyring: &Keyring) {
        let Some(store) = &self.store else { return };
        let mut waiting = self.waiting.lock().await;
        let mut batch = Vec::with_capacity(TOGETHER);
        while waiting.recv_many(&mut batch, TOGETHER).await > 0 {
            futures_util::future::join_all(batch.drain(..).map(|job| self.put(&**store, keyring, job))).await;
        }
    }

    async fn put(&self, store: &dyn SnapshotStore, keyring: &Keyring, job: Job) {
        let Some(snapshot) = seal::seal(keyring, &job.subject, &job.loaded) else { return };
        let outcome = tokio::time::timeout(PUT_TIMEOUT, store.put(&job.subject, snapshot)).await;
        match outcome {
            Ok(Ok(())) => self.counts.add(Count::Written),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a snapshot was not kept");
                self.counts.add(Count::Failed);
            }
            Err(_) => {
                tracing::debug!("a snapshot was not kept in time");
                self.counts.add(Count::Failed);
            }
        }
    }
}
