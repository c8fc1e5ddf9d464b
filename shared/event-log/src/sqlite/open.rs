//! Opening connections and bringing the schema up to date.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::error::{is_busy, open_error};
use super::tidy;
use crate::OpenError;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite/log");

/// Opens the connection that writes.
///
/// After a crash, SQLite may show commits that the crash kept from reaching the disk. The checkpoint syncs them, so
/// that whatever this connection sees from now on is durable and may be answered as stored.
pub(super) async fn connect_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = connect_patiently(options).await?;
    tidy::checkpoint(&mut connection).await?;
    Ok(connection)
}

/// Creates or upgrades the schema. Under the write lock, so that two processes starting at once do it one by one.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| open_error(&error))?;
    match MIGRATOR.run_direct(None, &mut *transaction, false).await {
        Ok(()) => {}
        Err(MigrateError::Execute(error)) => return Err(open_error(&error)),
        Err(other) => return Err(OpenError::Schema(other.to_string())),
    }
    transaction.commit().await.map_err(|error| open_error(&error))
}

/// Two processes that create one file at the same moment can meet in the switch to write-ahead logging, for which
/// SQLite's own busy timeout does not wait.
pub(crate) async fn connect_patiently(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    const TRIES: u32 = 20;
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);
    for _ in 1..TRIES {
        match options.connect().await {
            Err(error) if is_busy(&error) => tokio::time::sleep(PAUSE).await,
            connected => return connected,
        }
    }
    options.connect().await
}
