//! Tables of an older version: upgraded, then filled from the log again by whoever projects.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, Row as _};
use twofold_event_log::Seq;
use twofold_read_model::{PostgresReadModel, ReadStore, SqliteReadModel, verify};

use crate::events::{ledger_event, request, tenant_event, user_event};
use crate::fresh::{postgres, postgres_connection};
use crate::history::History;

/// A row in each table that the first version had, and how far it had come.
const OLD_ROWS: [&str; 4] = [
    "INSERT INTO checkpoint VALUES ('read_model', 2)",
    "INSERT INTO tenants VALUES ('tnaaaaaaaaaaaaaaaaaaaaaaaaaa', 'old', NULL, 1, 0, 1)",
    "INSERT INTO deliveries VALUES ('msaaaaaaaaaaaaaaaaaaaaaaaaab', 'tnaaaaaaaaaaaaaaaaaaaaaaaaaa', \
        'usaaaaaaaaaaaaaaaaaaaaaaaaaa', 'live', 'email', 'code', NULL, 'pending', 1, 1, 1, 0, NULL, NULL, 2, 2)",
    "INSERT INTO audit_hours VALUES (1, 1, 2)",
];

/// The first migration alone.
async fn first(database: &str) -> Migrator {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database).join("read_model");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(all.join("0001_read_model.sql"), folder.path().join("0001_read_model.sql")).unwrap();
    Migrator::new(folder.path()).await.unwrap()
}

async fn history() -> History {
    let mut history = History::new();
    history.tenant(0, &[tenant_event(0, 0)]).await;
    history.request(0, 1, request(1, 1)).await;
    history.ledger(0, 1, ledger_event(1, 1)).await;
    history.user(0, 1, &[user_event(0, 1)]).await;
    history
}

async fn fills_again(store: &dyn ReadStore) {
    assert_eq!(store.checkpoint().await, Ok(Seq::ZERO));
    let history = history().await;
    assert_eq!(store.apply(&history.all().await).await, Ok(Seq(4)));
    let report = verify(&history.log, store, &mut |_| {}).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn an_older_file_is_upgraded_and_filled_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    let mut old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    first("sqlite").await.run_direct(None, &mut old, false).await.unwrap();
    for text in OLD_ROWS {
        old.execute(text).await.unwrap();
    }
    drop(old);
    fills_again(&SqliteReadModel::open(path).await.unwrap()).await;
}

#[tokio::test]
async fn an_older_schema_is_upgraded_by_its_owner_and_filled_again() {
    let options = postgres();
    let mut owner = postgres_connection(&options).await;
    owner.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {}", options.schema)))).await.unwrap();
    first("postgres").await.run_direct(None, &mut owner, false).await.unwrap();
    for text in OLD_ROWS {
        owner.execute(text).await.unwrap();
    }
    assert!(PostgresReadModel::open(options.clone()).await.is_err(), "an older schema must be refused");
    PostgresReadModel::migrate(&options).await.unwrap();
    fills_again(&PostgresReadModel::open(options).await.unwrap()).await;
    let found = owner.fetch_one("SELECT count(*) FROM tenants WHERE name = 'old'").await.unwrap();
    assert_eq!(found.get::<i64, _>(0), 0);
}
