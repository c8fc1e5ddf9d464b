//! Every statement is one the database understands, and pages of the audit are read in order from an index.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Row as _, SqlSafeStr as _, Type};
use twofold_read_model::sql::{self, AuditShape, CHUNKS, Lead, Source, UsageShape};

use crate::fresh::{Kind, fresh, on_both, postgres_connection};

async fn all_of_them_can_be_prepared(kind: Kind) {
    let fresh = fresh(kind).await;
    match kind {
        Kind::Sqlite => {
            let mut connection = fresh.sqlite_connection().await;
            for text in sql::all(&CHUNKS.map(Source::List)) {
                let prepared = connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
                assert!(prepared.is_ok(), "{text}: {:?}", prepared.err());
            }
        }
        Kind::Postgres => {
            let mut connection = postgres_connection(fresh.postgres_options()).await;
            for text in sql::all(&[Source::Arrays]) {
                // Some shapes have no use for the mode, and nothing then says what type it is.
                let unused = text.contains("FROM audit WHERE tenant") && !text.contains("= $2");
                let types = vec![<str as Type<Postgres>>::type_info(); if unused { 2 } else { 0 }];
                let prepared = connection.prepare_with(AssertSqlSafe(text.clone()).into_sql_str(), &types).await;
                assert!(prepared.is_ok(), "{text}: {:?}", prepared.err());
            }
        }
    }
}

on_both!(all_of_them_can_be_prepared);

#[tokio::test]
async fn no_statement_uses_what_only_one_database_has() {
    for text in sql::all(&[Source::List(2)]) {
        let lower = text.to_lowercase();
        for word in ["json_", "ifnull", "rowid", " or ignore", " or replace", "::", "returning", "now(", "unixepoch"] {
            assert!(!lower.contains(word), "{word}: {text}");
        }
        assert!(!text.contains('?') || text.contains("VALUES (?"), "{text}");
    }
}

async fn plan(connection: &mut SqliteConnection, text: &str) -> String {
    let text = format!("EXPLAIN QUERY PLAN {text}");
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(3)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_leading_condition_has_its_index_and_its_order() {
    let fresh = fresh(Kind::Sqlite).await;
    let mut connection = fresh.sqlite_connection().await;
    for shape in AuditShape::every().into_iter().filter(|shape| shape.lead != Lead::User) {
        let index = match shape.lead {
            Lead::Mode => "audit_mode",
            Lead::Request => "audit_request",
            Lead::User => unreachable!(),
            Lead::ActorToken => "audit_actor_token",
            Lead::Helper => "audit_helper",
            Lead::Kinds { .. } => "audit_kind",
        };
        let plan = plan(&mut connection, &sql::audit(&shape)).await;
        for line in plan.lines().filter(|line| line.starts_with("SEARCH audit ") || line.starts_with("SCAN audit ")) {
            assert!(line.contains(&format!("USING INDEX {index} ")), "{shape:?}\n{plan}");
        }
        // Only the few rows of joined branches may be sorted, never a branch.
        let sorts = plan.matches("USE TEMP B-TREE").count();
        let joined = plan.contains("UNION") || plan.contains("MERGE");
        assert!(sorts == 0 || joined, "{shape:?}\n{plan}");
    }
}

#[tokio::test]
async fn a_users_audit_is_walked_by_the_audits_own_key() {
    let fresh = fresh(Kind::Sqlite).await;
    let mut connection = fresh.sqlite_connection().await;
    for shape in AuditShape::every().into_iter().filter(|shape| shape.lead == Lead::User) {
        let plan = plan(&mut connection, &sql::audit(&shape)).await;
        for table in ["a", "b", "audit"] {
            assert!(plan.contains(&format!("SEARCH {table} USING PRIMARY KEY (seq=?")), "{shape:?}\n{plan}");
            assert!(!plan.contains(&format!("SCAN {table}\n")), "{shape:?}\n{plan}");
        }
        assert!(plan.contains("SEARCH users USING PRIMARY KEY (tenant=? AND user_token=?)"), "{plan}");
        assert!(plan.contains("deliveries_user (tenant=? AND user_token=? AND request_seq<?)"), "{plan}");
    }
    let plan = plan(&mut connection, sql::FIRST_MESSAGE).await;
    assert!(plan.contains("deliveries_user (tenant=? AND user_token=?)"), "{plan}");
}

#[tokio::test]
async fn lists_about_deliveries_are_read_in_order_from_an_index() {
    let fresh = fresh(Kind::Sqlite).await;
    let mut connection = fresh.sqlite_connection().await;
    let lists = [
        (sql::dead_letters(false), "INDEX deliveries_dead "),
        (sql::dead_letters(true), "INDEX deliveries_dead_tenant "),
        (sql::suppressions(), "INDEX suppressions_held "),
        (sql::attempts(), "PRIMARY KEY (message=?)"),
        (sql::PRUNE_USAGE.to_owned(), "PRIMARY KEY (hour<?)"),
        (sql::DROP_EMPTY_USAGE.to_owned(), "PRIMARY KEY (hour>? AND hour<?)"),
        (sql::delivery_stats(&UsageShape { of_tenant: true, ..UsageShape::default() }), "INDEX delivery_usage_tenant "),
    ];
    for (text, index) in lists {
        let plan = plan(&mut connection, &text).await;
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{text}\n{plan}");
    }
}
