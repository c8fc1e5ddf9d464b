//! Checkpoints: moving the write-ahead log into the file, so that it can start over instead of growing.
//!
//! A checkpoint may run beside the writer, but the write-ahead log starts over only when nothing in it is left to
//! move. So the bulk is moved by a thread of its own while appends go on, and then the writer moves the small rest
//! between two batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use twofold_sqlite::rusqlite::{self, Connection};
use twofold_sqlite::{File, give_way};

use super::options::PAGE_BYTES;
use super::plan::Row;

/// Pages written since the last checkpoint at which the next one is due. 768 pages are 3 MiB: few enough that appends do
/// not wait long behind them in the disk's queue, and many enough that the two syncs of each do not show.
const DUE_PAGES: usize = 768;

/// The writer's side.
#[derive(Debug)]
pub(super) struct Tidy {
    /// A guess from above: rows fill pages, and with a million subjects their ends touch one for about three commits.
    pages: AtomicUsize,
    due: SyncSender<()>,
    bulk_moved: Arc<AtomicBool>,
}

/// The thread's side.
#[derive(Debug)]
pub(super) struct Mover {
    pub file: File,
    due: Receiver<()>,
    bulk_moved: Arc<AtomicBool>,
}

/// Both sides.
pub(super) fn tidy(file: File) -> (Tidy, Mover) {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let bulk_moved = Arc::new(AtomicBool::new(false));
    let mover = Mover { file, due: receiver, bulk_moved: Arc::clone(&bulk_moved) };
    (Tidy { pages: AtomicUsize::new(0), due: sender, bulk_moved }, mover)
}

impl Tidy {
    /// Tells of committed rows.
    pub fn written(&self, rows: &[Row<'_>]) {
        const ROW_BYTES: usize = 256;
        let bytes: usize = rows.iter().map(|row| row.commit.payload.len() + ROW_BYTES).sum();
        let pages = rows.len() / 3 + bytes / PAGE_BYTES as usize + 1;
        if self.pages.fetch_add(pages, Ordering::Relaxed) >= DUE_PAGES {
            self.pages.store(0, Ordering::Relaxed);
            // One that is asked for already is enough.
            let _asked_for = self.due.try_send(());
        }
    }

    /// Moves the rest over the writer's connection, if the bulk has been moved.
    pub fn move_rest(&self, connection: &Connection) {
        if self.bulk_moved.swap(false, Ordering::Relaxed)
            && let Err(error) = checkpoint(connection)
        {
            tracing::warn!(%error, "checkpoint of the event log");
        }
    }
}

impl Mover {
    /// Moves the bulk whenever it is due, until the writer is gone.
    pub fn run(self) {
        give_way();
        while self.due.recv() == Ok(()) {
            match self.move_bulk() {
                Ok(()) => self.bulk_moved.store(true, Ordering::Relaxed),
                Err(error) => tracing::warn!(%error, "checkpoint of the event log"),
            }
        }
    }

    fn move_bulk(&self) -> rusqlite::Result<()> {
        let connection = self.file.writer()?;
        checkpoint(&connection)?;
        // Once more, for what was written meanwhile: it leaves less to the writer.
        checkpoint(&connection)
    }
}

/// Moves what can be moved without waiting for anybody, after syncing the write-ahead log.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Moves everything and empties the write-ahead log, unless others are at work on the file.
pub(super) fn checkpoint_and_truncate(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "checkpoint of the event log");
    }
}
