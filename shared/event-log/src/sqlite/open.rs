//! Opening connections and bringing the schema up to date.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{ConnectOptions as _, Connection as _};
use twofold_sqlite::File;
use twofold_sqlite::rusqlite::{self, Connection};

use super::error::open_error;
use super::options::SqliteLogOptions;
use super::tidy;
use crate::OpenError;
use crate::sqlite_throwaway::is_damaged;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite/log");

/// Opens the connection that writes.
///
/// After a crash, SQLite may show commits that the crash kept from reaching the disk. The checkpoint syncs them, so
/// that whatever this connection sees from now on is durable and may be answered as stored.
pub(super) fn writer(file: &File) -> rusqlite::Result<Connection> {
    let connection = file.writer()?;
    tidy::checkpoint(&connection)?;
    Ok(connection)
}

/// Creates or upgrades the file. Under the write lock, so that two processes starting at once do it one by one.
pub(super) async fn prepare(options: &SqliteLogOptions) -> Result<(), OpenError> {
    // Makes the file with its page size, and waits for whoever makes it at the same moment.
    let file = options.file();
    blocking(move || file.writer().map(drop)).await?.map_err(|error| open_error(&error))?;
    let mut connection = options.migrator().connect().await.map_err(|error| migration_error(&error))?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| migration_error(&error))?;
    match MIGRATOR.run_direct(None, &mut *transaction, false).await {
        Ok(()) => {}
        Err(MigrateError::Execute(error)) => return Err(migration_error(&error)),
        Err(other) => return Err(OpenError::Schema(other.to_string())),
    }
    transaction.commit().await.map_err(|error| migration_error(&error))?;
    connection.close().await.map_err(|error| migration_error(&error))
}

/// Runs what waits for the disk away from the threads that answer requests.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, OpenError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| OpenError::Unavailable(error.to_string()))
}

fn migration_error(error: &sqlx::Error) -> OpenError {
    if is_damaged(error) { OpenError::Schema(error.to_string()) } else { OpenError::Unavailable(error.to_string()) }
}
