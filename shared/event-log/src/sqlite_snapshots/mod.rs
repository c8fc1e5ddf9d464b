//! Snapshots in an SQLite file of their own.
//!
//! Everything in the file may be lost, so nothing waits for the disk, and a damaged file is thrown away and begun anew,
//! also while it is in use. Whoever reads a snapshot checks that it is genuine; the file is not asked to be.

mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::sqlite_throwaway::{Opened, Throwaway, is_damaged};
use crate::{BoxFuture, OpenError, Seq, Snapshot, SnapshotError, SnapshotStore, Subject};
use writer::{Job, Writer};

const FILE: Throwaway = Throwaway {
    name: "snapshots",
    schema: 0x5446_0001,
    create: &["CREATE TABLE snapshots (subject TEXT PRIMARY KEY, seq INTEGER NOT NULL, state BLOB NOT NULL)"],
    wal_kept_bytes: 16 * 1024 * 1024,
    loss: "the snapshots are begun anew: users load more slowly for a while",
};

/// Snapshots that may wait for the writer; one more is refused.
const QUEUE: usize = 1024;

/// Snapshots in one file, mode 0600. Needs a tokio runtime with time. Any number of processes may use the same file.
#[derive(Debug)]
pub struct SqliteSnapshots {
    readers: Arc<Readers>,
    jobs: mpsc::Sender<Job>,
    tasks: TaskTracker,
}

/// The reading connections of the file as it is now; others after a damaged file was replaced.
#[derive(Debug)]
struct Readers(parking_lot::Mutex<Generation>);

/// One file, and how many there were before it.
#[derive(Debug, Clone)]
struct Generation {
    number: u64,
    pool: SqlitePool,
}

impl Readers {
    fn new(pool: SqlitePool) -> Self {
        Self(parking_lot::Mutex::new(Generation { number: 0, pool }))
    }

    fn now(&self) -> Generation {
        self.0.lock().clone()
    }

    /// Answers what was there before.
    fn replace(&self, pool: SqlitePool) -> SqlitePool {
        let mut now = self.0.lock();
        now.number += 1;
        std::mem::replace(&mut now.pool, pool)
    }
}

impl SqliteSnapshots {
    /// Opens or creates the file. What is no file of ours, or is damaged, is deleted first.
    ///
    /// # Errors
    /// [`OpenError::Unavailable`] when the file can be neither opened nor replaced.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let unavailable = |error: &dyn std::fmt::Display| OpenError::Unavailable(error.to_string());
        let Opened { writer, readers } = FILE.open_or_replace(&path).await.map_err(|error| unavailable(&error))?;
        let readers = Arc::new(Readers::new(readers));
        let (jobs, incoming) = mpsc::channel(QUEUE);
        let tasks = TaskTracker::new();
        tasks.spawn(Writer::new(path, writer, Arc::clone(&readers)).run(incoming));
        tasks.close();
        Ok(Self { readers, jobs, tasks })
    }

    /// Writes what was accepted, refuses more, and leaves the file tidy. May be called again.
    pub async fn close(&self) {
        // An error means that the writer has ended already.
        let _ended = self.jobs.send(Job::Close).await;
        self.tasks.wait().await;
        self.readers.now().pool.close().await;
    }
}

impl SnapshotStore for SqliteSnapshots {
    fn get<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>> {
        Box::pin(async move {
            let file = self.readers.now();
            let row: Result<Option<(i64, Vec<u8>)>, sqlx::Error> =
                sqlx::query_as("SELECT seq, state FROM snapshots WHERE subject = $1")
                    .bind(subject.as_str())
                    .fetch_optional(&file.pool)
                    .await;
            match row {
                Ok(None) => Ok(None),
                Ok(Some((seq, state))) => Ok(Some(Snapshot { seq: Seq(seq.cast_unsigned()), state: state.into() })),
                Err(error) => {
                    if is_damaged(&error) {
                        // When the queue is full the next reader tells the writer.
                        let _nobody_waits = self.jobs.try_send(Job::Replace(file.number));
                    }
                    Err(SnapshotError(error.to_string()))
                }
            }
        })
    }

    fn put<'a>(&'a self, subject: &'a Subject, snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>> {
        Box::pin(async move {
            let (answer, outcome) = oneshot::channel();
            let job = Job::Put { subject: subject.clone(), snapshot, answer };
            self.jobs.try_send(job).map_err(|_| SnapshotError("too many snapshots are waiting".to_owned()))?;
            outcome.await.unwrap_or_else(|_| Err(SnapshotError("the writer is gone".to_owned())))
        })
    }
}
