//! Pages of the audit are read in order from an index, policies or not.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use twofold_read_model::sql::{self, AuditShape, Lead};

use crate::events::{tenant, user};
use crate::fresh::{Kind, fresh, postgres_connection};

/// Rows of ten tenants, each with some of everything.
const FILL: &str = "INSERT INTO audit (seq, idx, tenant, mode, user_token, at, kind, actor, actor_token, request_id, \
        details, user_prev) \
    SELECT n, 0, 'tn' || n % 10, CASE WHEN n % 30 = 0 THEN '-' ELSE 'live' END, 'us' || n % 500, n, 'kind.' || n % 70, \
        CASE WHEN n % 200 = 0 THEN 'support' ELSE 'user' END, 'us' || n % 300, 'req_' || n / 3, '{}', \
        CASE WHEN n > 500 THEN n - 500 ELSE 0 END \
    FROM generate_series(1, 30000) AS n";

const FILL_USERS: &str = "INSERT INTO users (tenant, user_token, mode, role, registered_at, erased, methods, failures, \
        position, audit_seq) \
    SELECT 'tn' || n % 10, 'us' || n, 'live', 'user', n, 0, '{}', '{}', n, n FROM generate_series(1, 500) AS n; \
    ANALYZE audit, users";

async fn plan(connection: &mut PgConnection, shape: &AuditShape) -> String {
    let mut text = sql::audit(shape);
    let times = if shape.time { 4 } else { 0 };
    let leads = match shape.lead {
        Lead::Mode => 0,
        // Besides one place more to start from.
        Lead::User => 2,
        Lead::Request | Lead::ActorToken | Lead::Helper => 1,
        Lead::Kinds { of_mode, tenant_wide } => of_mode + tenant_wide,
    };
    let first_time = 6 + leads;
    // From the last to the first: `$1` is the beginning of `$10`.
    for n in (1..200).rev() {
        let value = match n {
            1 => "'tn3'".to_owned(),
            2 => "'live'".to_owned(),
            3 | 4 => "15000".to_owned(),
            5 => "50".to_owned(),
            6 if shape.lead == Lead::User => "50".to_owned(),
            7 if shape.lead == Lead::User => "'us3'".to_owned(),
            _ if (first_time..first_time + times).contains(&n) => "20000".to_owned(),
            _ if shape.lead == Lead::Request && n == 6 => "'req_77'".to_owned(),
            _ if shape.lead == Lead::Helper && n == 6 => "'support'".to_owned(),
            _ if matches!(shape.lead, Lead::Kinds { .. }) && n < first_time => format!("'kind.{n}'"),
            _ => format!("'us{n}'"),
        };
        text = text.replace(&format!("${n}"), &value);
    }
    let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {text}"))).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}

fn walks_by_the_audits_own_key(shape: &AuditShape, plan: &str) {
    let lines: Vec<_> =
        plan.lines().filter(|line| line.contains(" on audit") && !line.contains("audit_hours")).collect();
    assert_eq!(lines.len(), 4, "{shape:?}\n{plan}");
    assert!(lines.iter().all(|line| line.contains("Index Scan using audit_pkey")), "{shape:?}\n{plan}");
    let by_position = |line: &&str| line.contains("Index Cond:") && line.contains("(seq = ");
    assert_eq!(plan.lines().filter(by_position).count(), 4, "{shape:?}\n{plan}");
    assert!(plan.contains("using users_pkey") && plan.contains("using deliveries_user"), "{shape:?}\n{plan}");
    assert!(!plan.contains("Seq Scan") && !plan.contains("Hash") && !plan.contains("Merge"), "{shape:?}\n{plan}");
}

#[tokio::test]
async fn each_leading_condition_has_its_index() {
    let fresh = fresh(Kind::Postgres).await;
    let mut connection = postgres_connection(fresh.postgres_options()).await;
    assert_ne!((tenant(3).as_str(), user(3).as_str()), ("tn3", "us3"));
    connection.execute(FILL).await.unwrap();
    connection.execute(sqlx::raw_sql(FILL_USERS)).await.unwrap();
    connection.execute(sqlx::raw_sql(FILL_DELIVERIES)).await.unwrap();
    // As the product's connections are.
    let settings =
        "SET twofold.scope = ''; SET twofold.tenant = 'tn3'; SET enable_bitmapscan = off; SET enable_seqscan = off";
    connection.execute(sqlx::raw_sql(settings)).await.unwrap();
    for shape in AuditShape::every() {
        let plan = plan(&mut connection, &shape).await;
        if shape.lead == Lead::User {
            walks_by_the_audits_own_key(&shape, &plan);
            continue;
        }
        let index = match shape.lead {
            Lead::Mode => "audit_mode",
            Lead::Request => "audit_request",
            Lead::User => unreachable!(),
            Lead::ActorToken => "audit_actor_token",
            Lead::Helper => "audit_helper",
            Lead::Kinds { .. } => "audit_kind",
        };
        for line in plan.lines().filter(|line| line.contains(" on audit") && !line.contains("audit_hours")) {
            // Where a tenant has much of everything, the order of the log itself may be the shortest way.
            let either = [index, "audit_pkey"].iter().any(|index| line.contains(&format!("using {index} on audit")));
            assert!(either && line.contains("Index Scan"), "{shape:?}\n{plan}");
        }
        assert!(!plan.contains("Sort Key") || plan.contains("Merge Append"), "{shape:?}\n{plan}");
        assert!(!plan.contains("->  Sort"), "{shape:?}\n{plan}");
    }
}

/// Messages and destinations of ten tenants, a few of them dead or listed.
const FILL_DELIVERIES: &str = "INSERT INTO deliveries (message, tenant, user_token, mode, channel, kind, status, \
        requested_at, updated_at, expires_at, attempts, request_seq, position) \
    SELECT 'ms' || n, 'tn' || n % 10, 'us' || n % 500, 'live', 'sms', 'code', \
        CASE WHEN n % 97 = 3 THEN 'dead' ELSE 'accepted' END, n, n, n, 1, n, n FROM generate_series(1, 20000) AS n; \
    INSERT INTO suppressions SELECT 'tn' || n % 10, 'd' || n, 'sms', 'bounced', NULL, n, \
        CASE WHEN n % 3 = 0 THEN n END, n FROM generate_series(1, 5000) AS n; \
    ANALYZE deliveries, suppressions";

#[tokio::test]
async fn lists_about_deliveries_are_read_in_order_from_an_index() {
    let fresh = fresh(Kind::Postgres).await;
    let mut connection = postgres_connection(fresh.postgres_options()).await;
    connection.execute(sqlx::raw_sql(FILL_DELIVERIES)).await.unwrap();
    let lists = [
        (sql::dead_letters(false).replace("$1", "15000").replace("$2", "50"), "deliveries_dead", "all", ""),
        (
            sql::dead_letters(true).replace("$1", "15000").replace("$2", "50").replace("$3", "'tn3'"),
            // Where few are dead, those of all tenants are as near.
            "deliveries_dead",
            "",
            "tn3",
        ),
        (
            sql::suppressions().replace("$1", "'tn3'").replace("$2", "4000").replace("$3", "50"),
            "suppressions_held",
            "",
            "tn3",
        ),
    ];
    for (text, index, scope, tenant) in lists {
        let settings = format!(
            "SET twofold.scope = '{scope}'; SET twofold.tenant = '{tenant}'; \
             SET enable_bitmapscan = off; SET enable_seqscan = off"
        );
        connection.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await.unwrap();
        let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {text}"))).await.unwrap();
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(&format!("using {index}")) && !plan.contains("Sort"), "{text}\n{plan}");
    }
}
