//! SQLite files that may be lost: one that cannot be used is deleted and begun anew.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};
use twofold_sqlite::create_private;

/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections that read; reads are single lookups by primary key. Each waits for whoever asked before it takes the next, and on
/// a busy machine that is most of its time: two of them held users who were not in memory to 5,300 logins a second.
const READERS: u32 = 8;
/// Page cache of each connection, in KiB. A cache of a cache: the kernel holds the rest.
const CACHE_KIB: u32 = 1024;

/// A kind of file.
#[derive(Debug)]
pub(crate) struct Throwaway {
    /// What its threads are called.
    pub name: &'static str,
    /// Raised whenever the tables change: a file of another version is thrown away, not upgraded.
    pub schema: i64,
    /// The statements that make the tables.
    pub create: &'static [&'static str],
    /// A write-ahead log that has grown beyond this is cut back when it starts over, in bytes.
    pub wal_kept_bytes: u32,
    /// What is said when a file is begun anew: what is lost with it.
    pub loss: &'static str,
}

/// A usable file.
pub(crate) struct Opened {
    pub writer: SqliteConnection,
    pub readers: SqlitePool,
}

impl Throwaway {
    /// Opens the file; deletes what cannot be opened and begins anew, once.
    pub(crate) async fn open_or_replace(&self, path: &Path) -> Result<Opened, sqlx::Error> {
        match self.open(path).await {
            Ok(opened) => Ok(opened),
            // Another process works on it: nothing is wrong with the file.
            Err(error) if is_busy(&error) => Err(error),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "{}", self.loss);
                remove(path)?;
                self.open(path).await
            }
        }
    }

    async fn open(&self, path: &Path) -> Result<Opened, sqlx::Error> {
        create_private(path)?;
        let mut writer = connect_patiently(&self.options(path)).await?;
        // Under the write lock, so that two processes starting at once do it one by one.
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        let schema: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
        if schema == 0 {
            for sql in self.create {
                sqlx::query(*sql).execute(&mut *transaction).await?;
            }
            let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", self.schema));
            sqlx::query(version).execute(&mut *transaction).await?;
        } else if schema != self.schema {
            return Err(sqlx::Error::Configuration(format!("schema {schema}, not {}", self.schema).into()));
        }
        transaction.commit().await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(self.options(path).pragma("query_only", "ON"))
            .await?;
        Ok(Opened { writer, readers })
    }

    fn options(&self, path: &Path) -> SqliteConnectOptions {
        let name = self.name;
        SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // Nothing here need survive a power loss; this waits for the disk only where the file would break otherwise.
            .synchronous(SqliteSynchronous::Normal)
            .disable_statement_logging()
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .pragma("journal_size_limit", self.wal_kept_bytes.to_string())
            .pragma("trusted_schema", "OFF")
            .statement_cache_capacity(8)
            .thread_name(move |id| format!("{name}-{id}"))
    }
}

/// Deletes the file and what lies beside it. Another process that has them open goes on with what it has.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match std::fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// Two processes that create one file at the same moment can meet in the switch to write-ahead logging, for which
/// SQLite's own busy timeout does not wait.
async fn connect_patiently(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    const TRIES: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(50);
    for _ in 1..TRIES {
        match options.connect().await {
            Err(error) if is_busy(&error) => tokio::time::sleep(PAUSE).await,
            connected => return connected,
        }
    }
    options.connect().await
}

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>).
const BUSY: u32 = 5;
const CORRUPT: u32 = 11;
const NOT_A_DATABASE: u32 = 26;

/// The primary result code: the low byte of the extended one.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|extended| extended & 0xff)
}

fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(BUSY)
}

/// Whether SQLite says that the file is no database, or a broken one.
pub(crate) fn is_damaged(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(CORRUPT | NOT_A_DATABASE))
}
