//! Opening connections, and the schema's version.

use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, Row as _};
use tokio::time::timeout;

use super::PostgresOptions;
use super::scope::MAY_SEE_ALL;
use crate::StoreError;
use crate::relational::unavailable;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/postgres/read_model");

/// Opens a connection outside the pool.
pub(super) async fn connect(options: &PostgresOptions, connect: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connected = timeout(options.acquire_timeout, connect.connect()).await;
    connected.map_err(|_| unavailable("the database does not answer"))?.map_err(unavailable)
}

/// The connections that answer queries; none yet. Not tested before each use: see [`broken`].
pub(super) fn readers(options: &PostgresOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .connect_lazy_with(options.reading())
}

/// Whether a query failed because its connection had ended, as all do when a server is started anew; another connection
/// may answer it.
pub(super) fn broken(error: &sqlx::Error) -> bool {
    // Class 57P: the server shuts down, has crashed, or is just coming up.
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(error, sqlx::Error::Io(_)) || code.is_some_and(|code| code.starts_with("57P"))
}

/// Creates or upgrades the tables of the schema that is first in the connection's path.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), StoreError> {
    match MIGRATOR.run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(unavailable(error)),
        Err(other) => Err(StoreError::Schema(other.to_string())),
    }
}

/// Creates the schema if there is none.
pub(super) async fn create_schema(connection: &mut PgConnection, schema: &str) -> Result<(), StoreError> {
    let found = sqlx::query("SELECT to_regnamespace($1) IS NOT NULL").bind(schema);
    let found: bool = connection.fetch_one(found).await.and_then(|row| row.try_get(0)).map_err(unavailable)?;
    // Not `IF NOT EXISTS`, which asks for the right to create one even when there is one.
    if !found {
        run(connection, format!("CREATE SCHEMA {schema}")).await?;
    }
    Ok(())
}

/// Whether the tables are those of this version.
pub(super) async fn check(connection: &mut PgConnection, schema: &str) -> Result<(), StoreError> {
    let found = connection.fetch_one("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").await;
    if !found.and_then(|row| row.try_get(0)).map_err(unavailable)? {
        return Err(StoreError::Schema(format!("there are no tables in the schema {schema}; run `twofold init`")));
    }
    let rows = connection.fetch_all("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version");
    let rows = rows.await.map_err(unavailable)?;
    let applied: Vec<(i64, Vec<u8>)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<sqlx::Result<_>>()
        .map_err(unavailable)?;
    let known: Vec<_> = MIGRATOR.iter().map(|migration| (migration.version, &*migration.checksum)).collect();
    for (version, checksum) in &applied {
        match known.iter().find(|(known, _)| known == version) {
            None => return Err(StoreError::Schema(format!("the tables are of a newer version ({version}) than this"))),
            Some((_, known)) if *known != checksum.as_slice() => {
                return Err(StoreError::Schema(format!("version {version} of the tables is not the one known here")));
            }
            Some(_) => {}
        }
    }
    if applied.len() < known.len() {
        return Err(StoreError::Schema("the tables are of an older version; run `twofold init`".to_owned()));
    }
    Ok(())
}

/// Refuses roles to which the tables of other tenants look empty.
pub(super) async fn ensure_may_see_all(connection: &mut PgConnection) -> Result<(), StoreError> {
    let may: bool = connection.fetch_one(MAY_SEE_ALL).await.and_then(|row| row.try_get(0)).map_err(unavailable)?;
    if may { Ok(()) } else { Err(unavailable("the database's role may not see every tenant; use that of `project`")) }
}

/// Runs statements that answer nothing.
pub(super) async fn run(connection: &mut PgConnection, text: String) -> Result<(), StoreError> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(drop).map_err(unavailable)
}
