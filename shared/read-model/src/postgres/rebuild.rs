//! New tables in a schema beside the live one, which then takes its name.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Row as _};
use twofold_event_log::{BoxFuture, Seq, Stored};

use super::options::LOCK_TIMEOUT;
use super::scope::BEGIN_SNAPSHOT;
use super::{PostgresOptions, open};
use crate::rebuild::Rebuild;
use crate::relational::{Dialect as _, batch, read_checkpoint, unavailable};
use crate::{ProjectError, StoreError, sql};

const ANALYZE: &str = "ANALYZE users, deliveries, delivery_attempts, delivery_usage, suppressions, tenants, audit, \
    audit_hours";

type Result<T> = std::result::Result<T, StoreError>;

pub(super) struct PostgresRebuild {
    options: PostgresOptions,
    /// Projects into the new tables.
    beside: PgConnection,
    /// Holds the projectors of the live ones, and the lock that keeps a second rebuild away.
    live: PgConnection,
    held: bool,
    /// What makes the indexes that were dropped.
    indexes: Vec<String>,
}

impl PostgresRebuild {
    pub async fn begin(options: &PostgresOptions) -> Result<Self> {
        let mut live = open::connect(options, &options.maintaining()).await?;
        ensure_owner(&mut live).await?;
        open::run(&mut live, format!("SET lock_timeout = {}", LOCK_TIMEOUT.as_millis())).await?;
        // Waits for what is left of a rebuild whose process was killed.
        let lock = format!("SELECT pg_advisory_lock(hashtext('twofold rebuild {}'))", options.schema);
        let locked = open::run(&mut live, lock).await;
        locked.map_err(|error| unavailable(format!("another rebuild may be at work: {error}")))?;
        // From now on only for a batch under way, and for those who still read what is to be dropped.
        open::run(&mut live, format!("SET lock_timeout = {}", options.batch_timeout.as_millis())).await?;
        let next = next(options);
        open::run(&mut live, format!("DROP SCHEMA IF EXISTS {next} CASCADE")).await?;
        open::run(&mut live, format!("DROP SCHEMA IF EXISTS {} CASCADE", old(options))).await?;
        open::run(&mut live, format!("CREATE SCHEMA {next}")).await?;
        let mut beside = open::connect(options, &options.projecting(&next)).await?;
        open::migrate(&mut beside).await?;
        // The last transaction, which exchanges the tables, waits for the disk and so for all before it.
        open::run(&mut beside, "SET synchronous_commit = off".to_owned()).await?;
        let indexes = drop_indexes(&mut beside, &next).await?;
        Ok(Self { options: options.clone(), beside, live, held: false, indexes })
    }

    async fn make_indexes(&mut self) -> Result<()> {
        let unlimited = "SET statement_timeout = 0; SET maintenance_work_mem = '256MB'";
        open::run(&mut self.beside, unlimited.to_owned()).await?;
        for text in std::mem::take(&mut self.indexes) {
            open::run(&mut self.beside, text).await?;
        }
        open::run(&mut self.beside, ANALYZE.to_owned()).await
    }

    async fn hold_live(&mut self) -> Result<Seq> {
        if !self.held {
            open::run(&mut self.live, Postgres::BEGIN_PROJECTING.to_owned()).await?;
            self.held = true;
        }
        read_checkpoint::<Postgres>(&mut self.live).await
    }

    async fn count_differences(&mut self) -> Result<u64> {
        let mut connection = open::connect(&self.options, &self.options.maintaining()).await?;
        open::run(&mut connection, BEGIN_SNAPSHOT.to_owned()).await?;
        // The first query fixes the moment.
        read_checkpoint::<Postgres>(&mut connection).await?;
        open::run(&mut self.live, "ROLLBACK".to_owned()).await?;
        self.held = false;
        let mut count = 0;
        for text in sql::differences(&self.options.schema, &next(&self.options)) {
            let row = connection.fetch_one(AssertSqlSafe(text)).await.map_err(unavailable)?;
            count += row.try_get::<i64, _>(0).map_err(unavailable)?.unsigned_abs();
        }
        Ok(count)
    }

    async fn take_place(mut self) -> Result<()> {
        let (live, next, old) = (&self.options.schema, next(&self.options), old(&self.options));
        for text in rights(&mut self.live, live, &next).await? {
            open::run(&mut self.live, text).await?;
        }
        let renamed = format!("ALTER SCHEMA {live} RENAME TO {old}; ALTER SCHEMA {next} RENAME TO {live}; COMMIT");
        open::run(&mut self.live, renamed).await?;
        // Whoever still reads the old tables may finish; if that takes long, the next rebuild drops them.
        let _ = open::run(&mut self.live, format!("DROP SCHEMA {old} CASCADE")).await;
        Ok(())
    }
}

impl Rebuild for PostgresRebuild {
    fn apply<'a>(&'a mut self, commits: &'a [Stored]) -> BoxFuture<'a, std::result::Result<Seq, ProjectError>> {
        Box::pin(batch::<Postgres>(&mut self.beside, commits))
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.make_indexes())
    }

    fn hold(&mut self) -> BoxFuture<'_, Result<Seq>> {
        Box::pin(self.hold_live())
    }

    fn compare(&mut self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(self.count_differences())
    }

    fn switch(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(self.take_place())
    }
}

fn next(options: &PostgresOptions) -> String {
    format!("{}_next", options.schema)
}

fn old(options: &PostgresOptions) -> String {
    format!("{}_old", options.schema)
}

/// Only the owner may rename the schema, which comes last and would be late to learn.
async fn ensure_owner(connection: &mut PgConnection) -> Result<()> {
    let text = "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = current_schema()";
    let owner: bool = connection.fetch_one(text).await.and_then(|row| row.try_get(0)).map_err(unavailable)?;
    if owner { Ok(()) } else { Err(unavailable("only the role that owns the tables can rebuild them")) }
}

/// Drops the indexes that no constraint needs; answers what makes them.
async fn drop_indexes(connection: &mut PgConnection, schema: &str) -> Result<Vec<String>> {
    let text = "SELECT quote_ident(c.relname), pg_get_indexdef(c.oid) FROM pg_index AS i \
        JOIN pg_class AS c ON c.oid = i.indexrelid \
        WHERE c.relnamespace = to_regnamespace($1) AND NOT i.indisunique ORDER BY 1";
    let rows = connection.fetch_all(sqlx::query(text).bind(schema)).await.map_err(unavailable)?;
    let mut made = Vec::new();
    for row in rows {
        let name: String = row.try_get(0).map_err(unavailable)?;
        made.push(row.try_get(1).map_err(unavailable)?);
        open::run(connection, format!("DROP INDEX {name}")).await?;
    }
    Ok(made)
}

/// What gives the roles that may use the one schema the same rights to the other.
async fn rights(connection: &mut PgConnection, from: &str, to: &str) -> Result<Vec<String>> {
    let text = "SELECT format('GRANT %s ON SCHEMA %I TO %s', r.privilege_type, $2, \
            CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END) \
        FROM pg_namespace AS n, aclexplode(n.nspacl) AS r WHERE n.nspname = $1 AND r.grantee <> n.nspowner \
        UNION ALL SELECT format('GRANT %s ON %I.%I TO %s', r.privilege_type, $2, c.relname, \
            CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END) \
        FROM pg_class AS c, aclexplode(c.relacl) AS r \
        WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r' AND r.grantee <> c.relowner";
    let rows = connection.fetch_all(sqlx::query(text).bind(from).bind(to)).await.map_err(unavailable)?;
    rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>().map_err(unavailable)
}
