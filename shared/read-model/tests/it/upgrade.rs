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
const OLD_ROWS: [&str; 5] = [
    "INSERT INTO checkpoint VALUES ('read_model', 2)",
    "INSERT INTO tenants VALUES ('tnaaaaaaaaaaaaaaaaaaaaaaaaaa', 'old', NULL, 1, 0, 1)",
    "INSERT INTO deliveries (message, tenant, user_token, mode, channel, kind, status, requested_at, updated_at, \
        expires_at, attempts, request_seq, position) VALUES ('msaaaaaaaaaaaaaaaaaaaaaaaaab', \
        'tnaaaaaaaaaaaaaaaaaaaaaaaaaa', 'usaaaaaaaaaaaaaaaaaaaaaaaaaa', 'live', 'email', 'code', 'pending', 1, 1, 1, 0, 2, 2)",
    "INSERT INTO audit (seq, idx, tenant, mode, user_token, at, kind, actor, details) VALUES (2, 0, \
        'tnaaaaaaaaaaaaaaaaaaaaaaaaaa', 'live', 'usaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 'delivery.requested', 'system', '{}')",
    "INSERT INTO audit_hours VALUES (1, 1, 2)",
];

/// Those of the second besides.
const LATER_ROWS: [&str; 3] = [
    "INSERT INTO delivery_attempts (message, seq, idx, tenant, at, result) \
        VALUES ('msaaaaaaaaaaaaaaaaaaaaaaaaab', 2, 0, 'tnaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 'dead')",
    "INSERT INTO delivery_usage \
        VALUES (1, 'tnaaaaaaaaaaaaaaaaaaaaaaaaaa', 'live', 'email', '', '', '', 1, 0, 0, 0, 0, 0, 0, 0)",
    "INSERT INTO suppressions VALUES ('tnaaaaaaaaaaaaaaaaaaaaaaaaaa', '05', 'sms', 'bounced', NULL, 1, NULL, 2)",
];

fn rows_of(version: usize) -> impl Iterator<Item = &'static str> {
    OLD_ROWS.into_iter().chain(LATER_ROWS.into_iter().filter(move |_| version > 1))
}

/// Versions that were in use before the newest.
const VERSIONS: [usize; 2] = [1, 2];

/// The first migrations alone.
async fn first(database: &str, version: usize) -> Migrator {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database).join("read_model");
    let folder = tempfile::tempdir().unwrap();
    for name in ["0001_read_model.sql", "0002_deliveries.sql"].into_iter().take(version) {
        std::fs::copy(all.join(name), folder.path().join(name)).unwrap();
    }
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
    for version in VERSIONS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("read.db");
        let mut old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
        first("sqlite", version).await.run_direct(None, &mut old, false).await.unwrap();
        for text in rows_of(version) {
            old.execute(text).await.unwrap();
        }
        drop(old);
        fills_again(&SqliteReadModel::open(path).await.unwrap()).await;
    }
}

#[tokio::test]
async fn an_older_schema_is_upgraded_by_its_owner_and_filled_again() {
    for version in VERSIONS {
        let options = postgres();
        let mut owner = postgres_connection(&options).await;
        owner.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {}", options.schema)))).await.unwrap();
        first("postgres", version).await.run_direct(None, &mut owner, false).await.unwrap();
        for text in rows_of(version) {
            owner.execute(text).await.unwrap();
        }
        assert!(PostgresReadModel::open(options.clone()).await.is_err(), "an older schema must be refused");
        PostgresReadModel::migrate(&options).await.unwrap();
        fills_again(&PostgresReadModel::open(options).await.unwrap()).await;
        let found = owner.fetch_one("SELECT count(*) FROM tenants WHERE name = 'old'").await.unwrap();
        assert_eq!(found.get::<i64, _>(0), 0);
    }
}
