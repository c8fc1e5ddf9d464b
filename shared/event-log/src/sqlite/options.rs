//! Settings of the file and of its connections.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use twofold_sqlite::{File, Synchronous};

/// How to open a log.
#[derive(Debug, Clone)]
pub struct SqliteLogOptions {
    /// The file; two more beside it end in `-wal` and `-shm`. Not on a network file system.
    pub path: PathBuf,
    /// When an append is answered. [`Synchronous::Full`]; anything less is for tests only.
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
    /// Commits after which the ends of their subjects begin to move from memory into the file. Opening reads up to three
    /// times as many, and some 5 MiB hold their ends. 65,536.
    pub ends_due: u64,
    /// Size the file may not outgrow, rounded down to pages; appends beyond it are answered as unavailable. None.
    pub max_file_bytes: Option<u64>,
}

/// Small pages: what is changed at random, the ends of subjects above all, is written as whole pages.
pub(super) const PAGE_BYTES: u32 = 4096;

/// A write-ahead log that has grown beyond this is cut back when it starts over.
const WAL_KEPT_BYTES: u32 = 32 * 1024 * 1024;

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
            ends_due: 64 * 1024,
            max_file_bytes: None,
        }
    }

    /// For the threads that write, move and, with a smaller cache, read.
    pub(super) fn file(&self) -> File {
        let mut pragmas = vec![
            ("page_size", PAGE_BYTES.to_string()),
            ("journal_size_limit", WAL_KEPT_BYTES.to_string()),
            // Checkpoints are the tidy thread's: inside a commit they would be in every waiting caller's way.
            ("wal_autocheckpoint", "0".to_owned()),
        ];
        if let Some(bytes) = self.max_file_bytes {
            pragmas.push(("max_page_count", (bytes / u64::from(PAGE_BYTES)).max(1).to_string()));
        }
        File {
            path: self.path.clone(),
            create: true,
            synchronous: self.synchronous,
            busy_timeout: self.busy_timeout,
            cache_kib: self.cache_kib,
            pragmas,
        }
    }

    /// For connections that do not write commits.
    pub(super) fn aside(&self) -> File {
        File { cache_kib: READER_CACHE_KIB, create: false, ..self.file() }
    }

    /// For the connection that brings the schema up to date.
    pub(super) fn migrator(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(self.busy_timeout)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match self.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
                Synchronous::Off => SqliteSynchronous::Off,
            })
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging()
    }
}
