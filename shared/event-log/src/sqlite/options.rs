//! Settings of the file and of its connections.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

/// When an append is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// After its transaction is on disk: survives a power loss.
    Full,
    /// Without waiting for the disk: survives the process, not the machine. For tests only.
    Off,
}

/// How to open a log.
#[derive(Debug, Clone)]
pub struct SqliteLogOptions {
    /// The file; two more beside it end in `-wal` and `-shm`. Not on a network file system.
    pub path: PathBuf,
    /// When an append is answered. [`Synchronous::Full`].
    pub synchronous: Synchronous,
    /// Connections for reading. 4.
    pub readers: u32,
    /// Appends that may wait; one more is refused as overloaded. 8192.
    pub queue_groups: usize,
    /// Payload bytes that may wait. 64 MiB.
    pub queue_bytes: usize,
    /// How long to wait for another process's transaction. 5 s.
    pub busy_timeout: Duration,
    /// Page cache of the writing connection. 32 MiB.
    pub cache_kib: u32,
    /// How often the file is asked for commits of other processes. 100 ms; the port allows 250 ms.
    pub follow_interval: Duration,
    /// Size the file may not outgrow, rounded down to pages; appends beyond it are answered as unavailable. None.
    pub max_file_bytes: Option<u64>,
}

/// Small pages: at a million subjects nearly every commit touches an index page of its own, written as a whole.
pub(super) const PAGE_BYTES: u32 = 4096;

/// A write-ahead log that has grown beyond this is cut back when it starts over.
const WAL_KEPT_BYTES: u32 = 128 * 1024 * 1024;

const READER_CACHE_KIB: u32 = 4 * 1024;

impl SqliteLogOptions {
    /// The defaults for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            synchronous: Synchronous::Full,
            readers: 4,
            queue_groups: 8192,
            queue_bytes: 64 * 1024 * 1024,
            busy_timeout: Duration::from_secs(5),
            cache_kib: 32 * 1024,
            follow_interval: Duration::from_millis(100),
            max_file_bytes: None,
        }
    }

    /// For the connection that writes.
    pub(super) fn writer(&self) -> SqliteConnectOptions {
        let options = self
            .base()
            .create_if_missing(true)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", format!("-{}", self.cache_kib))
            .pragma("journal_size_limit", WAL_KEPT_BYTES.to_string())
            // Checkpoints are the tidy task's: inside a commit they would be in every waiting caller's way.
            .pragma("wal_autocheckpoint", "0");
        match self.max_file_bytes {
            Some(bytes) => options.pragma("max_page_count", (bytes / u64::from(PAGE_BYTES)).max(1).to_string()),
            None => options,
        }
    }

    /// For the connection that moves the write-ahead log into the file.
    pub(super) fn tidier(&self) -> SqliteConnectOptions {
        self.base().pragma("cache_size", format!("-{READER_CACHE_KIB}")).pragma("wal_autocheckpoint", "0")
    }

    /// For the connections that read.
    pub(super) fn reader(&self) -> SqliteConnectOptions {
        // Rows cross from the connection's thread in portions of this many.
        self.base().read_only(true).row_buffer_size(256).pragma("cache_size", format!("-{READER_CACHE_KIB}"))
    }

    /// What all have in common. No memory map: an IO error there would end the process instead of one call.
    fn base(&self) -> SqliteConnectOptions {
        let synchronous = match self.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Off => SqliteSynchronous::Off,
        };
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(self.busy_timeout)
            .foreign_keys(true)
            .synchronous(synchronous)
            .pragma("fullfsync", "ON")
            .pragma("checkpoint_fullfsync", "ON")
            .pragma("trusted_schema", "OFF")
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(32)
            .thread_name(|id| format!("event-log-{id}"))
            .disable_statement_logging()
    }
}
