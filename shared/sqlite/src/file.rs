//! How to open a file.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Result};

use crate::is_busy;

/// Two processes that create one file at the same moment can meet in the switch to write-ahead logging, for which
/// SQLite's own busy timeout does not wait.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);
/// Prepared statements kept by each connection.
const STATEMENTS: usize = 32;

/// When a transaction is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// After it is on disk: survives a power loss.
    Full,
    /// Without waiting for the disk, but in order: a power loss may cost the newest transactions.
    Normal,
    /// Without waiting for the disk: survives the process, not the machine.
    Off,
}

/// A file and how its connections use it. Always with a write-ahead log.
#[derive(Debug, Clone)]
pub struct File {
    /// Two more beside it end in `-wal` and `-shm`. Not on a network file system.
    pub path: PathBuf,
    /// Made if it is not there.
    pub create: bool,
    /// When a transaction is answered.
    pub synchronous: Synchronous,
    /// How long to wait for another process.
    pub busy_timeout: Duration,
    /// Page cache of a connection, in KiB.
    pub cache_kib: u32,
    /// Further settings of connections that write, in order.
    pub pragmas: Vec<(&'static str, String)>,
}

impl File {
    /// A connection that writes.
    ///
    /// # Errors
    /// The file can be neither opened nor made, or another process holds it for too long.
    pub fn writer(&self) -> Result<Connection> {
        for _ in 1..TRIES {
            match self.try_writer() {
                Err(error) if is_busy(&error) => sleep(PAUSE),
                opened => return opened,
            }
        }
        self.try_writer()
    }

    /// A connection that only reads. The folder must be writable all the same: SQLite coordinates readers through a file
    /// beside the database.
    ///
    /// # Errors
    /// As [`File::writer`]; a missing file is not made.
    pub fn reader(&self) -> Result<Connection> {
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(connection)
    }

    fn try_writer(&self) -> Result<Connection> {
        let create = if self.create { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
        let connection = self.open(OpenFlags::SQLITE_OPEN_READ_WRITE | create)?;
        let pragma = |name: &str, value: &str| connection.pragma_update_and_check(None, name, value, |_| Ok(()));
        let applied = |outcome: Result<()>| match outcome {
            // Some settings answer with a row, others with none.
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(()),
            other => other,
        };
        // Some settings hold only when made before the first page, and before the switch of the journal.
        for (name, value) in &self.pragmas {
            applied(pragma(name, value))?;
        }
        applied(pragma("journal_mode", "WAL"))?;
        let synchronous = match self.synchronous {
            Synchronous::Full => "FULL",
            Synchronous::Normal => "NORMAL",
            Synchronous::Off => "OFF",
        };
        applied(pragma("synchronous", synchronous))?;
        applied(pragma("fullfsync", "ON"))?;
        applied(pragma("checkpoint_fullfsync", "ON"))?;
        Ok(connection)
    }

    /// No memory map: an IO error there would end the process instead of one call.
    fn open(&self, flags: OpenFlags) -> Result<Connection> {
        // Each connection has one thread at a time, so it needs no lock of its own.
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "cache_size", -i64::from(self.cache_kib))?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    }
}

/// Makes an empty file, mode 0600, unless it is there. The files beside the database take over its mode.
///
/// # Errors
/// It can be neither made nor is it there.
pub fn create_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}
