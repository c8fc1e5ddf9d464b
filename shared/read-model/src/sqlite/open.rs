//! Opening connections and bringing the schema up to date.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::StoreError;
use crate::relational::unavailable;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite/read_model");

/// How to open a read model.
#[derive(Debug, Clone)]
pub struct SqliteReadModelOptions {
    /// The file; two more beside it end in `-wal` and `-shm`. Not the log's file, not on a network file system.
    pub path: PathBuf,
    /// Connections for queries. 4.
    pub readers: u32,
    /// Page cache of the writing connection, in KiB. 64 MiB.
    pub cache_kib: u32,
    /// How long to wait for another process's transaction. 5 s.
    pub busy_timeout: Duration,
}

/// Pages after which the write-ahead log is moved into the file: 4 MiB. The log's file is on the same disk as a rule, and
/// its syncs wait behind whatever is moved at a time.
const WAL_PAGES: u32 = 1024;
const WAL_KEPT_BYTES: u32 = 32 * 1024 * 1024;
const READER_CACHE_KIB: u32 = 8 * 1024;
const SLOW_ACQUIRE: Duration = Duration::from_secs(5);

impl SqliteReadModelOptions {
    /// The defaults for a file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), readers: 4, cache_kib: 64 * 1024, busy_timeout: Duration::from_secs(5) }
    }

    fn base(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(self.busy_timeout)
            // A power loss may cost the newest transactions, never their order: they are projected again.
            .synchronous(SqliteSynchronous::Normal)
            .pragma("trusted_schema", "OFF")
            .pragma("temp_store", "MEMORY")
            .statement_cache_capacity(128)
            .thread_name(|id| format!("read-model-{id}"))
            .disable_statement_logging()
    }

    fn writer(&self) -> SqliteConnectOptions {
        self.base()
            .create_if_missing(true)
            .row_buffer_size(1024)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", format!("-{}", self.cache_kib))
            .pragma("wal_autocheckpoint", WAL_PAGES.to_string())
            .pragma("journal_size_limit", WAL_KEPT_BYTES.to_string())
    }

    fn reader(&self) -> SqliteConnectOptions {
        self.base().read_only(true).row_buffer_size(256).pragma("cache_size", format!("-{READER_CACHE_KIB}"))
    }
}

/// The connection that writes.
pub(super) async fn writer(options: &SqliteReadModelOptions) -> Result<SqliteConnection, StoreError> {
    options.writer().connect().await.map_err(unavailable)
}

/// A connection that reads, outside the pool.
pub(super) async fn reader(options: &SqliteReadModelOptions) -> Result<SqliteConnection, StoreError> {
    options.reader().connect().await.map_err(unavailable)
}

/// The connections that answer queries.
pub(super) async fn readers(options: &SqliteReadModelOptions) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .acquire_timeout(SLOW_ACQUIRE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options.reader())
        .await
        .map_err(unavailable)
}

/// Creates or upgrades the schema. Under the write lock, so that two processes starting at once do it one by one.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
    match MIGRATOR.run_direct(None, &mut *transaction, false).await {
        Ok(()) => {}
        Err(MigrateError::Execute(error)) => return Err(unavailable(error)),
        Err(other) => return Err(StoreError::Schema(other.to_string())),
    }
    transaction.commit().await.map_err(unavailable)
}
