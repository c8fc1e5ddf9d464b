//! The handle callers hold.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Executor as _, SqlStr, Sqlite, SqlitePool};
use twofold_event_log::BoxFuture;

use super::rebuild::SqliteRebuild;
use super::{SqliteReadModelOptions, open};
use crate::StoreError;
use crate::rebuild::Rebuild;
use crate::relational::{Backend, Scope, Waiting, Writer, read_checkpoint, unavailable};

/// A read model in one SQLite file. Needs a tokio runtime with time.
#[derive(Debug)]
pub struct SqliteReadModel {
    options: SqliteReadModelOptions,
    /// Opened by whoever projects, on a thread as patient as his own.
    writer: Writer<Sqlite>,
    readers: SqlitePool,
    waiting: Waiting,
}

/// For a batch, which may wait for another process as long as the options say.
const BATCH_LIMIT: Duration = Duration::from_mins(1);

impl SqliteReadModel {
    /// Opens a read model with the default options; creates or upgrades the file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, created or locked in time, [`StoreError::Schema`]
    /// when it is something else or of a newer version: delete it and project again.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with(SqliteReadModelOptions::new(path)).await
    }

    /// Opens a read model.
    ///
    /// # Errors
    /// As [`SqliteReadModel::open`].
    pub async fn open_with(options: SqliteReadModelOptions) -> Result<Self, StoreError> {
        let mut writer = open::writer(&options).await?;
        open::migrate(&mut writer).await?;
        let seen = read_checkpoint::<Sqlite>(&mut writer).await?;
        writer.close().await.map_err(unavailable)?;
        let readers = open::readers(&options).await?;
        // Only the machine can fail without this process.
        let waiting = Waiting::new(seen, true);
        Ok(Self { options, writer: Writer::new(None, BATCH_LIMIT), readers, waiting })
    }
}

impl Backend for SqliteReadModel {
    type Dialect = Sqlite;

    async fn fetch(
        &self,
        _scope: Scope<'_>,
        text: SqlStr,
        arguments: SqliteArguments,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        self.readers.fetch_all(sqlx::query_with::<Sqlite, _>(text, arguments)).await.map_err(unavailable)
    }

    fn writer(&self) -> &Writer<Sqlite> {
        &self.writer
    }

    async fn open_writer(&self) -> Result<SqliteConnection, StoreError> {
        open::writer(&self.options).await
    }

    async fn open_snapshot(&self) -> Result<SqliteConnection, StoreError> {
        let mut connection = open::reader(&self.options).await?;
        connection.execute("BEGIN").await.map_err(unavailable)?;
        Ok(connection)
    }

    fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Rebuild>, StoreError>> {
        Box::pin(async { Ok(Box::new(SqliteRebuild::begin(&self.options).await?) as Box<dyn Rebuild>) })
    }

    async fn close_readers(&self) {
        self.readers.close().await;
    }
}
