//! Every statement is one the database understands, and pages of the audit are read in order from an index.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, Row as _, SqlSafeStr as _};
use twofold_read_model::sql::{self, AuditShape, Lead, Placeholders};

use crate::dump::fresh;

async fn connection() -> (SqliteConnection, crate::dump::Fresh) {
    let fresh = fresh().await;
    let options = SqliteConnectOptions::new().filename(fresh.folder.path().join("read.db"));
    (options.connect().await.unwrap(), fresh)
}

#[tokio::test]
async fn all_of_them_can_be_prepared() {
    let (mut connection, _fresh) = connection().await;
    for placeholders in [Placeholders::Positional, Placeholders::Numbered] {
        for text in sql::all(placeholders) {
            let prepared = connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
            assert!(prepared.is_ok(), "{text}: {:?}", prepared.err());
        }
    }
}

#[tokio::test]
async fn no_statement_uses_what_only_one_database_has() {
    for text in sql::all(Placeholders::Numbered) {
        let lower = text.to_lowercase();
        for word in ["json_", "ifnull", "rowid", " or ignore", " or replace", "::", "returning", "now(", "unixepoch"] {
            assert!(!lower.contains(word), "{word}: {text}");
        }
        assert!(!text.contains('?'), "{text}");
    }
}

async fn plan(connection: &mut SqliteConnection, shape: &AuditShape) -> String {
    let text = format!("EXPLAIN QUERY PLAN {}", sql::audit(shape));
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(3)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_leading_condition_has_its_index_and_its_order() {
    let (mut connection, _fresh) = connection().await;
    for shape in AuditShape::every() {
        let index = match shape.lead {
            Lead::Mode => "audit_mode",
            Lead::Request => "audit_request",
            Lead::User => "audit_user",
            Lead::ActorToken => "audit_actor_token",
            Lead::Helper => "audit_helper",
            Lead::Kinds { .. } => "audit_kind",
        };
        let plan = plan(&mut connection, &shape).await;
        for line in plan.lines().filter(|line| line.starts_with("SEARCH audit ") || line.starts_with("SCAN audit ")) {
            assert!(line.contains(&format!("USING INDEX {index} ")), "{shape:?}\n{plan}");
        }
        // Only the few rows of joined branches may be sorted, never a branch.
        let sorts = plan.matches("USE TEMP B-TREE").count();
        let joined = plan.contains("UNION") || plan.contains("MERGE");
        assert!(sorts == 0 || joined, "{shape:?}\n{plan}");
    }
}
