//! New tables in a file beside the live one, copied into it in one transaction at the end.
//!
//! The file cannot just take the live one's name: other processes would go on with the old one, which they have open.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _, Sqlite};
use twofold_event_log::{BoxFuture, Seq, Stored};

use super::{SqliteReadModelOptions, open};
use crate::rebuild::Rebuild;
use crate::relational::{batch, read_checkpoint, unavailable};
use crate::{ProjectError, StoreError, sql};

type Result<T> = std::result::Result<T, StoreError>;

/// Fields in the order in which they have to go: connections before the file, the lock last.
pub(super) struct SqliteRebuild {
    beside: SqliteConnection,
    /// To the live file, the new one attached.
    live: SqliteConnection,
    held: bool,
    options: SqliteReadModelOptions,
    files: Files,
}

/// The file beside, removed when dropped, and the lock that keeps a second rebuild away.
struct Files {
    beside: PathBuf,
    _lock: File,
}

const TABLES: [&str; 9] = [
    "users",
    "deliveries",
    "delivery_attempts",
    "delivery_usage",
    "suppressions",
    "tenants",
    "audit",
    "audit_hours",
    "checkpoint",
];

/// Indexes that are no part of a table.
const INDEXES: &str = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";

impl SqliteRebuild {
    pub async fn begin(options: &SqliteReadModelOptions) -> Result<Self> {
        let files = Files::claim(&options.path)?;
        let beside_options = SqliteReadModelOptions { path: files.beside.clone(), ..options.clone() };
        let mut beside = open::writer(&beside_options).await?;
        open::migrate(&mut beside).await?;
        // Nobody queries these tables, and their rows are copied in the order of the keys.
        for (name, _) in indexes(&mut beside).await? {
            run(&mut beside, format!("DROP INDEX {name}")).await?;
        }
        let live = with_both(options, &files.beside).await?;
        Ok(Self { beside, live, held: false, options: options.clone(), files })
    }

    async fn hold_live(&mut self) -> Result<Seq> {
        if !self.held {
            // Not `BEGIN IMMEDIATE`, which takes the file beside as well.
            run(&mut self.live, "BEGIN".to_owned()).await?;
            run(&mut self.live, "UPDATE main.checkpoint SET seq = seq".to_owned()).await?;
            self.held = true;
        }
        read_checkpoint::<Sqlite>(&mut self.live).await
    }

    async fn count_differences(&mut self) -> Result<u64> {
        let mut connection = with_both(&self.options, &self.files.beside).await?;
        run(&mut connection, "BEGIN".to_owned()).await?;
        // The first read of either file fixes what is seen of it.
        for schema in ["main", "beside"] {
            run(&mut connection, format!("SELECT seq FROM {schema}.checkpoint")).await?;
        }
        run(&mut self.live, "ROLLBACK".to_owned()).await?;
        self.held = false;
        let mut count = 0;
        for text in sql::differences("main", "beside") {
            let row = connection.fetch_one(AssertSqlSafe(text)).await.map_err(unavailable)?;
            count += row.try_get::<i64, _>(0).map_err(unavailable)?.unsigned_abs();
        }
        Ok(count)
    }

    async fn copy(mut self) -> Result<()> {
        let indexes = indexes(&mut self.live).await?;
        for (name, _) in &indexes {
            run(&mut self.live, format!("DROP INDEX main.{name}")).await?;
        }
        for table in TABLES {
            run(&mut self.live, format!("DELETE FROM main.{table}")).await?;
            run(&mut self.live, format!("INSERT INTO main.{table} SELECT * FROM beside.{table}")).await?;
        }
        for (_, text) in indexes {
            run(&mut self.live, text).await?;
        }
        run(&mut self.live, "COMMIT".to_owned()).await
    }
}

impl Rebuild for SqliteRebuild {
    fn apply<'a>(&'a mut self, commits: &'a [Stored]) -> BoxFuture<'a, std::result::Result<Seq, ProjectError>> {
        Box::pin(batch::<Sqlite>(&mut self.beside, commits))
    }

    /// Nothing: the indexes are made after the rows have been copied.
    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn hold(&mut self) -> BoxFuture<'_, Result<Seq>> {
        Box::pin(self.hold_live())
    }

    fn compare(&mut self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(self.count_differences())
    }

    fn switch(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.copy())
    }
}

impl Files {
    /// Takes the lock, then removes what an interrupted rebuild has left.
    fn claim(live: &Path) -> Result<Self> {
        let named = |end: &str| {
            let mut name = live.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let lock = File::options().create(true).append(true).open(named("-rebuild.lock")).map_err(unavailable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => unavailable("another rebuild is at work"),
            TryLockError::Error(error) => unavailable(error),
        })?;
        remove_all(&named("-rebuild-"));
        // A name of its own: connections of a rebuild given up in this process may still be closing theirs.
        let number = REBUILDS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { beside: named(&format!("-rebuild-{}-{number}", std::process::id())), _lock: lock })
    }
}

static REBUILDS: AtomicU64 = AtomicU64::new(0);

/// Removes every file whose name starts so. One that cannot be removed is only in the way of the disk's space.
fn remove_all(start: &Path) {
    let (Some(folder), Some(start)) = (start.parent(), start.file_name()) else { return };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(start.as_encoded_bytes()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        remove_all(&self.beside);
    }
}

/// A connection to the live file, with the other one as `beside`.
async fn with_both(options: &SqliteReadModelOptions, beside: &Path) -> Result<SqliteConnection> {
    let mut connection = open::writer(options).await?;
    let path = beside.to_str().ok_or_else(|| unavailable("the path is no text"))?;
    let attach = sqlx::query("ATTACH DATABASE $1 AS beside").bind(path);
    connection.execute(attach).await.map_err(unavailable)?;
    Ok(connection)
}

async fn indexes(connection: &mut SqliteConnection) -> Result<Vec<(String, String)>> {
    let rows = connection.fetch_all(INDEXES).await.map_err(unavailable)?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<sqlx::Result<_>>().map_err(unavailable)
}

async fn run(connection: &mut SqliteConnection, text: String) -> Result<()> {
    connection.execute(AssertSqlSafe(text)).await.map(drop).map_err(unavailable)
}
