//! The tables themselves: which version they are, and what they say that SQLite's say too.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::{Executor as _, Row as _};
use twofold_read_model::{PostgresOptions, PostgresReadModel, StoreError};

use crate::fresh::{Kind, fresh, postgres, postgres_connection};

async fn refusal(options: PostgresOptions) -> String {
    match PostgresReadModel::open(options).await {
        Err(StoreError::Schema(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn missing_older_and_newer_tables_are_refused_with_what_to_do() {
    let options = postgres();
    assert!(refusal(options.clone()).await.contains("run `twofold init`"));
    PostgresReadModel::migrate(&options).await.unwrap();
    PostgresReadModel::migrate(&options).await.unwrap();
    PostgresReadModel::open(options.clone()).await.unwrap();
    let mut owner = postgres_connection(&options).await;
    owner.execute("INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)").await.unwrap();
    assert!(refusal(options.clone()).await.contains("newer version (9999)"));
    owner.execute("DELETE FROM _sqlx_migrations").await.unwrap();
    assert!(refusal(options.clone()).await.contains("older version; run `twofold init`"));
    let mut odd = options;
    odd.schema = "x; DROP SCHEMA public".to_owned();
    assert!(refusal(odd.clone()).await.contains("cannot be the name"));
    assert!(PostgresReadModel::migrate(&odd).await.is_err());
}

#[tokio::test]
async fn urls_are_read_and_never_repeated() {
    let nonsense = PostgresOptions::new("postgres://twofold:pass word@[nowhere").unwrap_err();
    assert!(!nonsense.to_string().contains("pass"), "{nonsense}");
    let options = PostgresOptions::new("postgres://twofold:hidden@db.example/twofold").unwrap();
    let shown = format!("{options:?}");
    assert!(shown.contains("db.example") && !shown.contains("hidden"), "{shown}");
}

#[test]
fn migrations_have_the_same_numbers_and_names_in_both_databases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let names = |database: &str| -> BTreeSet<_> {
        let folder = root.join(database).join("read_model");
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn columns_are_those_of_sqlite_in_the_same_order() {
    let sqlite = fresh(Kind::Sqlite).await;
    let mut sqlite = sqlite.sqlite_connection().await;
    let text = "SELECT t.name || '.' || c.name || ' ' || c.type || CASE WHEN c.\"notnull\" THEN '!' ELSE '' END \
        FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' AND t.name <> '_sqlx_migrations' \
        ORDER BY t.name, c.cid";
    let rows = sqlite.fetch_all(text).await.unwrap();
    let expected: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let options = fresh(Kind::Postgres).await.postgres_options().clone();
    let text = "SELECT table_name || '.' || column_name || ' ' || \
            CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'bytea' THEN 'BLOB' WHEN 'text' THEN 'TEXT' ELSE '?' END || \
            CASE is_nullable WHEN 'NO' THEN '!' ELSE '' END \
        FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations' \
        ORDER BY table_name COLLATE \"C\", ordinal_position";
    let mut postgres = postgres_connection(&options).await;
    let rows = postgres.fetch_all(text).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>(), expected);
    // Whatever the order of texts is by default.
    let text = "SELECT count(*) FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid \
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations' \
        AND a.attnum > 0 AND a.atttypid = 'text'::regtype AND a.attcollation <> 'pg_catalog.\"C\"'::regcollation";
    assert_eq!(postgres.fetch_one(text).await.unwrap().get::<i64, _>(0), 0);
}

#[tokio::test]
async fn every_table_with_a_tenant_is_under_a_policy() {
    let options = fresh(Kind::Postgres).await.postgres_options().clone();
    let text = "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity, \
            (SELECT count(*) FROM pg_policy AS p WHERE p.polrelid = c.oid) \
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant' \
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY 1";
    let rows = postgres_connection(&options).await.fetch_all(text).await.unwrap();
    let found: Vec<(String, bool, i64)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let tables = ["audit", "deliveries", "delivery_attempts", "delivery_usage", "suppressions", "tenants", "users"];
    let expected = tables.map(|table| (table.to_owned(), true, 2));
    assert_eq!(found, expected);
}
