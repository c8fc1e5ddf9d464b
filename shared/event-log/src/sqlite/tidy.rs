//! Checkpoints: moving the write-ahead log into the file, so that it can start over instead of growing.
//!
//! A checkpoint may run beside the writer, but the write-ahead log starts over only when nothing in it is left to
//! move. So the bulk is moved by a task of its own while appends go on, and then the writer moves the small rest
//! between two batches.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::options::PAGE_BYTES;
use super::plan::Row;

/// Pages written since the last checkpoint at which the next one is due. 16384 pages are 64 MiB: every checkpoint
/// holds the writer up for some 20 ms at its end, so they should be rare.
const DUE_PAGES: usize = 16 * 1024;

#[derive(Debug, Default)]
pub(super) struct Tidy {
    /// A guess from above: each commit touches an index page of its own, and payloads fill pages.
    pages: AtomicUsize,
    due: Notify,
    bulk_moved: AtomicBool,
}

impl Tidy {
    /// Tells of committed rows.
    pub fn written(&self, rows: &[Row<'_>]) {
        const ROW_BYTES: usize = 256;
        let bytes: usize = rows.iter().map(|row| row.commit.payload.len() + ROW_BYTES).sum();
        let pages = rows.len() + bytes / PAGE_BYTES as usize + 1;
        if self.pages.fetch_add(pages, Ordering::Relaxed) >= DUE_PAGES {
            self.pages.store(0, Ordering::Relaxed);
            self.due.notify_one();
        }
    }

    /// Moves the rest over the writer's connection, if the bulk has been moved.
    pub async fn move_rest(&self, connection: &mut SqliteConnection) {
        if self.bulk_moved.swap(false, Ordering::Relaxed)
            && let Err(error) = checkpoint(connection).await
        {
            tracing::warn!(%error, "checkpoint of the event log");
        }
    }

    /// Moves the bulk whenever it is due, until the log is closed.
    pub async fn run(&self, options: SqliteConnectOptions, closing: CancellationToken) {
        loop {
            tokio::select! {
                () = closing.cancelled() => return,
                () = self.due.notified() => {}
            }
            match move_bulk(&options).await {
                Ok(()) => self.bulk_moved.store(true, Ordering::Relaxed),
                Err(error) => tracing::warn!(%error, "checkpoint of the event log"),
            }
        }
    }
}

async fn move_bulk(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    let mut moved = checkpoint(&mut connection).await;
    if moved.is_ok() {
        // Once more, for what was written meanwhile: it leaves less to the writer.
        moved = checkpoint(&mut connection).await;
    }
    connection.close().await?;
    moved
}

/// Moves what can be moved without waiting for anybody, after syncing the write-ahead log.
pub(super) async fn checkpoint(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await.map(|_| ())
}

/// Moves everything and empties the write-ahead log, unless others are at work on the file.
pub(super) async fn checkpoint_and_truncate(connection: &mut SqliteConnection) {
    if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(connection).await {
        tracing::warn!(%error, "checkpoint of the event log");
    }
}
