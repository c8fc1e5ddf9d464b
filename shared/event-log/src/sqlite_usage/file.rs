//! Opening the file, and replacing it when it cannot be used.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};

use crate::sqlite::{connect_patiently, is_busy};
use crate::sqlite_snapshots::{create_private, remove};

/// Raised whenever the table changes: a file of another version is thrown away, and what it counted with it.
const SCHEMA: i64 = 0x5455_0001;
const CREATE: &str =
    "CREATE TABLE usage (key TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, total INTEGER NOT NULL) WITHOUT ROWID";
const INDEX: &str = "CREATE INDEX usage_ends_at ON usage (ends_at)";
/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections that read; reads are single lookups by primary key.
const READERS: u32 = 2;
/// Page cache of each connection, in KiB.
const CACHE_KIB: u32 = 1024;
/// A write-ahead log that has grown beyond this is cut back when it starts over.
const WAL_KEPT_BYTES: u32 = 4 * 1024 * 1024;

/// A usable file.
pub(super) struct Opened {
    pub writer: SqliteConnection,
    pub readers: SqlitePool,
}

/// Opens the file; deletes what cannot be opened and begins anew, once.
pub(super) async fn open_or_replace(path: &Path) -> Result<Opened, sqlx::Error> {
    match open(path).await {
        Ok(opened) => Ok(opened),
        // Another process works on it: nothing is wrong with the file.
        Err(error) if is_busy(&error) => Err(error),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "the usage is begun anew: limits and budgets count from zero");
            remove(path)?;
            open(path).await
        }
    }
}

async fn open(path: &Path) -> Result<Opened, sqlx::Error> {
    create_private(path)?;
    let mut writer = connect_patiently(&options(path)).await?;
    // Under the write lock, so that two processes starting at once do it one by one.
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let schema: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    match schema {
        SCHEMA => {}
        0 => {
            for sql in [CREATE, INDEX] {
                sqlx::query(sql).execute(&mut *transaction).await?;
            }
            let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {SCHEMA}"));
            sqlx::query(version).execute(&mut *transaction).await?;
        }
        other => return Err(sqlx::Error::Configuration(format!("schema {other}, not {SCHEMA}").into())),
    }
    transaction.commit().await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(BUSY_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options(path).pragma("query_only", "ON"))
        .await?;
    Ok(Opened { writer, readers })
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        // A count that a power cut takes back lets one message more go out: nothing waits for the disk.
        .synchronous(SqliteSynchronous::Normal)
        .disable_statement_logging()
        .pragma("cache_size", format!("-{CACHE_KIB}"))
        .pragma("journal_size_limit", WAL_KEPT_BYTES.to_string())
        .pragma("trusted_schema", "OFF")
        .statement_cache_capacity(8)
        .thread_name(|id| format!("usage-{id}"))
}
