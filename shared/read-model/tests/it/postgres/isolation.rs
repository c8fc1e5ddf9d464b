//! The second line behind the tenant's condition (C21): policies and rights.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use twofold_domain::{Mode, Timestamp};
use twofold_read_model::{
    AuditFilter, Page, PostgresReadModel, ReadStore, StoreError, TenantPage, UsageQuery, UserFilter, UserPage,
    postgres_grants, rebuild, verify,
};

use crate::events::{ledger_event, message, request, suppression_event, tenant, tenant_event, user, user_event};
use crate::fresh::{Fresh, Kind, Roles, fresh, postgres_connection};
use crate::history::History;

const TABLES: [&str; 7] =
    ["users", "deliveries", "audit", "tenants", "delivery_attempts", "delivery_usage", "suppressions"];

/// Two tenants with three users and two messages each, of which one has a ledger, and a suppressed destination.
async fn two_tenants() -> (History, Fresh) {
    let mut history = History::new();
    for of in 0..2 {
        history.tenant(of, &[tenant_event(0, of)]).await;
        for who in 0..3 {
            history.user(of, who, &[user_event(0, who)]).await;
        }
        for n in 1..3 {
            history.request(of, of * 100 + n, request(n, 1)).await;
        }
        history.ledger(of, of * 100 + 1, ledger_event(0, 1)).await;
        history.suppression(of, 1, suppression_event(0, 1)).await;
    }
    let fresh = fresh(Kind::Postgres).await;
    fresh.store.apply(&history.all().await).await.unwrap();
    (history, fresh)
}

/// Rows in each of the tables, by statements without any condition.
async fn counts(connection: &mut PgConnection) -> [i64; TABLES.len()] {
    let mut counts = [0; TABLES.len()];
    for (table, count) in TABLES.into_iter().zip(&mut counts) {
        let text = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        *count = connection.fetch_one(text).await.unwrap().get(0);
    }
    counts
}

async fn counts_with(connection: &mut PgConnection, settings: &str) -> [i64; TABLES.len()] {
    let begin = AssertSqlSafe(format!("BEGIN; {settings}"));
    let mut transaction = connection.begin_with(begin).await.unwrap();
    counts(&mut transaction).await
}

#[tokio::test]
async fn a_statement_that_forgets_the_tenant_sees_nothing_of_another() {
    let (_, fresh) = two_tenants().await;
    let roles = Roles::create(&fresh);
    let mut owner = postgres_connection(fresh.postgres_options()).await;
    owner.execute("RESET twofold.scope; SET twofold.scope = ''").await.unwrap();
    let mut connections = [owner, roles.connection(&roles.api).await, roles.connection(&roles.project).await];
    for (connection, may_see_all) in connections.iter_mut().zip([true, false, true]) {
        assert_eq!(counts(connection).await, [0; TABLES.len()]);
        let one = format!("SET LOCAL twofold.tenant = '{}'", tenant(1).as_str());
        assert_eq!(counts_with(connection, &one).await, [3, 2, 8, 1, 1, 2, 1]);
        assert_eq!(counts_with(connection, "SET LOCAL twofold.tenant = ''").await, [0; TABLES.len()]);
        let all = if may_see_all { [6, 4, 16, 2, 2, 4, 2] } else { [0; TABLES.len()] };
        assert_eq!(counts_with(connection, "SET LOCAL twofold.scope = 'all'").await, all);
        // Nothing of that outlives the transaction.
        assert_eq!(counts(connection).await, [0; TABLES.len()]);
    }
}

#[tokio::test]
async fn the_reading_role_cannot_write_nor_lift_the_policies() {
    let (_, fresh) = two_tenants().await;
    let roles = Roles::create(&fresh);
    let mut api = roles.connection(&roles.api).await;
    let all = "SET twofold.scope = 'all'";
    let forbidden = [
        "INSERT INTO checkpoint VALUES ('read_model', 1)",
        "UPDATE checkpoint SET seq = 0",
        "DELETE FROM users",
        "UPDATE audit SET kind = ''",
        "TRUNCATE audit",
        "DROP TABLE users",
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE users NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON users USING (true)",
        "CREATE TABLE mine (n BIGINT)",
        "LOCK TABLE checkpoint IN SHARE ROW EXCLUSIVE MODE",
        "SET row_security = off; SELECT count(*) FROM users",
    ];
    for text in forbidden {
        let run = api.execute(sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {all}; {text}; COMMIT")))).await;
        assert!(run.is_err(), "{text}");
        api.execute("ROLLBACK").await.unwrap();
    }
    // A table of its own in the place of the one the policies ask about.
    let mimic = format!("{all}; CREATE TEMPORARY TABLE checkpoint (name TEXT, seq BIGINT)");
    api.execute(sqlx::raw_sql(AssertSqlSafe(mimic))).await.unwrap();
    assert_eq!(counts(&mut api).await, [0; TABLES.len()]);
    let mut project = roles.connection(&roles.project).await;
    for text in ["DROP TABLE users", "ALTER TABLE users DISABLE ROW LEVEL SECURITY", "TRUNCATE audit"] {
        assert!(project.execute(AssertSqlSafe(text)).await.is_err(), "{text}");
    }
}

/// Every query of the product sets its tenant: the role could not see a row otherwise.
async fn reads_by_tenant(store: &dyn ReadStore) {
    let own = tenant(1);
    let page = UserPage { after: None, limit: 10 };
    assert_eq!(store.users(&own, Mode::Live, &UserFilter::default(), &page).await.unwrap().len(), 3);
    assert!(store.user(&own, &user(1)).await.unwrap().is_some());
    assert!(store.delivery(&own, &message(101)).await.unwrap().is_some());
    let about = AuditFilter { user: Some(user(1)), ..AuditFilter::default() };
    let audit = Page { after: None, limit: 10, newest_first: true };
    assert_eq!(store.audit(&own, Mode::Live, &about, audit).await.unwrap().len(), 4);
    assert_eq!(
        store.audit(&own, Mode::Live, &AuditFilter { user: Some(user(8)), ..about }, audit).await,
        Ok(Vec::new())
    );
    assert_eq!(store.attempts(&own, &message(101)).await.unwrap().len(), 1);
    assert_eq!(store.suppressions(&own, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.dead_letters(Some(&own), None, 10).await, Ok(Vec::new()));
    let mut figures = UsageQuery { since: Timestamp(0), tenant: Some(own), by: Vec::new(), limit: 10 };
    assert_eq!(store.delivery_stats(&figures).await.unwrap()[0].counts.requested, 2);
    figures.tenant = None;
    assert!(store.delivery_stats(&figures).await.is_err() && store.dead_letters(None, None, 10).await.is_err());
    assert!(store.checkpoint().await.unwrap().0 >= 12);
    let refused = store.tenants(&TenantPage { after: None, limit: 10 }).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(store.snapshot().await.is_err());
}

#[tokio::test]
async fn each_role_can_do_its_work_also_after_a_rebuild() {
    let (mut history, fresh) = two_tenants().await;
    let roles = Roles::create(&fresh);
    let api = PostgresReadModel::open(roles.options(&roles.api)).await.unwrap();
    let project = PostgresReadModel::open(roles.options(&roles.project)).await.unwrap();
    reads_by_tenant(&api).await;
    assert_eq!(api.ignores_policies().await, Ok(false));
    history.user(0, 9, &[user_event(0, 9)]).await;
    project.apply(&history.all().await).await.unwrap();
    rebuild(&history.log, &*fresh.store, &mut |_| {}).await.unwrap();
    reads_by_tenant(&api).await;
    history.user(0, 10, &[user_event(0, 10)]).await;
    project.apply(&history.all().await).await.unwrap();
    assert!(verify(&history.log, &project, &mut |_| {}).await.unwrap().is_clean());
    assert!(api.apply(&history.all().await).await.is_err());
    assert!(api.begin_rebuild().await.is_err() && api.clear().await.is_err());
    assert!(project.begin_rebuild().await.is_err(), "it could not put the new tables in their place");
    // Rights may be given again.
    let mut owner = postgres_connection(fresh.postgres_options()).await;
    for text in postgres_grants(fresh.postgres_options(), &roles.api, &roles.project) {
        owner.execute(AssertSqlSafe(text)).await.unwrap();
    }
    reads_by_tenant(&api).await;
}
