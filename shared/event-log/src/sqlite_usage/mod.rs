//! Usage in an SQLite file of its own.
//!
//! Like the snapshots, nothing in the file has to survive a power cut (a lost count lets one message more go out), so
//! nothing waits for the disk, and a file that is damaged when it is opened is begun anew. It is not thrown away while it
//! is in use: then the store is unavailable, and whoever asks decides what that means.

mod writer;

use std::path::Path;

use sqlx::SqlitePool;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::sqlite_throwaway::{Opened, Throwaway};
use crate::usage::check_counters;
use crate::{BoxFuture, Counter, OpenError, UsageError, UsageStore};
use writer::{Job, Writer};

/// A count that a power cut takes back lets one message more go out.
const FILE: Throwaway = Throwaway {
    name: "usage",
    schema: 0x5455_0001,
    create: &[
        "CREATE TABLE usage (key TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, total INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX usage_ends_at ON usage (ends_at)",
    ],
    wal_kept_bytes: 4 * 1024 * 1024,
    loss: "the usage is begun anew: limits and budgets count from zero",
};

/// Calls that may wait for the writer; one more is refused.
const QUEUE: usize = 4096;

/// The totals in one file, mode 0600. Needs a tokio runtime with time. Any number of processes may use the same file.
#[derive(Debug)]
pub struct SqliteUsage {
    readers: SqlitePool,
    jobs: mpsc::Sender<Job>,
    tasks: TaskTracker,
}

impl SqliteUsage {
    /// Opens or creates the file. What is no file of ours, or is damaged, is deleted first.
    ///
    /// # Errors
    /// [`OpenError::Unavailable`] when the file can be neither opened nor replaced.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let opened = FILE.open_or_replace(path.as_ref()).await;
        let Opened { writer, readers } = opened.map_err(|error| OpenError::Unavailable(error.to_string()))?;
        let (jobs, incoming) = mpsc::channel(QUEUE);
        let tasks = TaskTracker::new();
        tasks.spawn(Writer::new(writer).run(incoming));
        tasks.close();
        Ok(Self { readers, jobs, tasks })
    }

    /// Counts what was accepted, refuses more, and leaves the file tidy. May be called again.
    pub async fn close(&self) {
        // An error means that the writer has ended already.
        let _ended = self.jobs.send(Job::Close).await;
        self.tasks.wait().await;
        self.readers.close().await;
    }
}

impl UsageStore for SqliteUsage {
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            check_counters(counters)?;
            if counters.is_empty() {
                return Ok(Vec::new());
            }
            let (answer, outcome) = oneshot::channel();
            let job = Job::Add { counters: counters.to_vec(), by, answer };
            let refused = |_| UsageError::Unavailable("closed, or too much is waiting to be counted".to_owned());
            self.jobs.try_send(job).map_err(refused)?;
            outcome.await.unwrap_or_else(|_| Err(UsageError::Unavailable("the writer is gone".to_owned())))
        })
    }

    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            check_counters(counters)?;
            let mut totals = Vec::with_capacity(counters.len());
            for counter in counters {
                let total: Result<Option<i64>, sqlx::Error> =
                    sqlx::query_scalar("SELECT total FROM usage WHERE key = $1")
                        .bind(counter.key())
                        .fetch_optional(&self.readers)
                        .await;
                let total = total.map_err(|error| UsageError::Unavailable(error.to_string()))?;
                totals.push(total.unwrap_or(0).cast_unsigned());
            }
            Ok(totals)
        })
    }
}
