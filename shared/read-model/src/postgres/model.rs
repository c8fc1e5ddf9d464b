//! The handle callers hold.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Postgres, Row as _, SqlStr};
use tokio::time::timeout;
use twofold_event_log::{BoxFuture, Seq};

use super::rebuild::PostgresRebuild;
use super::scope::{BEGIN_SNAPSHOT, IGNORES_POLICIES, begin_reading};
use super::{PostgresOptions, open};
use crate::StoreError;
use crate::rebuild::Rebuild;
use crate::relational::{Backend, Scope, Waiting, Writer, unavailable};

/// A read model in a PostgreSQL schema. Any number of processes may read it and project into it: of those that project,
/// one does at a time, and what another has projected is left out. Needs a tokio runtime with time.
///
/// A database that is down or does not answer is [`StoreError::Unavailable`] within
/// [`query_timeout`](PostgresOptions::query_timeout); connections come back by themselves.
#[derive(Debug)]
pub struct PostgresReadModel {
    options: PostgresOptions,
    writer: Writer<Postgres>,
    readers: PgPool,
    waiting: Waiting,
}

impl PostgresReadModel {
    /// Opens a read model whose tables are there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer; [`StoreError::Schema`] when the tables are
    /// missing, older or newer, and what to do about it.
    pub async fn open(options: PostgresOptions) -> Result<Self, StoreError> {
        let model = Self::open_lazy(options);
        model.check_schema().await?;
        Ok(model)
    }

    /// A read model that may not be there yet: every query says so until it is.
    pub fn open_lazy(options: PostgresOptions) -> Self {
        Self {
            writer: Writer::new(None, options.batch_timeout),
            readers: open::readers(&options),
            // Another server may take the place of this one, without its newest transactions.
            waiting: Waiting::new(Seq::ZERO, false),
            options,
        }
    }

    /// Whether the tables are those of this version.
    ///
    /// # Errors
    /// As [`PostgresReadModel::open`].
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        self.options.check()?;
        let work = async {
            let mut connection = open::connect(&self.options, &self.options.maintaining()).await?;
            open::check(&mut connection, &self.options.schema).await
        };
        timeout(self.options.query_timeout, work).await.map_err(|_| unavailable("the database does not answer"))?
    }

    /// Connections that answer queries, and how many of them are idle.
    pub fn connections(&self) -> (u32, u32) {
        (self.readers.size(), u32::try_from(self.readers.num_idle()).unwrap_or(u32::MAX))
    }

    /// Gives two roles the rights of [`super::postgres_grants`]; for the owner of the tables.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer, or there is no such role.
    pub async fn grant(options: &PostgresOptions, role_api: &str, role_project: &str) -> Result<(), StoreError> {
        options.check()?;
        let mut connection = open::connect(options, &options.maintaining()).await?;
        for statement in super::postgres_grants(options, role_api, role_project) {
            open::run(&mut connection, statement).await?;
        }
        Ok(())
    }

    /// Whether the role is one that no policy stops, a superuser or `BYPASSRLS`: the second line between tenants is not
    /// there then, which is worth a warning.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ignores_policies(&self) -> Result<bool, StoreError> {
        let rows = self.fetch(Scope::Nobody, SqlStr::from_static(IGNORES_POLICIES), PgArguments::default()).await?;
        rows.first().map_or(Ok(false), |row| row.try_get(0)).map_err(unavailable)
    }

    /// Creates or upgrades schema and tables. For `twofold init`, as the role that is to own them; it needs the right to
    /// create schemas when there is none yet.
    ///
    /// # Errors
    /// As [`PostgresReadModel::open`].
    pub async fn migrate(options: &PostgresOptions) -> Result<(), StoreError> {
        options.check()?;
        let mut connection = open::connect(options, &options.maintaining()).await?;
        open::create_schema(&mut connection, &options.schema).await?;
        open::migrate(&mut connection).await
    }
}

/// A connection of the pool. Given back only when it is known to be well: one in an unknown state, because an answer
/// never came or the caller lost patience, is closed instead, and its place in the pool is free at once.
struct Lease(Option<PoolConnection<Postgres>>);

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl PostgresReadModel {
    /// Over one connection of the pool. Outer errors are those of having none.
    async fn ask(
        &self,
        scope: Scope<'_>,
        text: SqlStr,
        arguments: PgArguments,
    ) -> Result<sqlx::Result<Vec<PgRow>>, StoreError> {
        let mut lease = Lease(Some(self.readers.acquire().await.map_err(unavailable)?));
        let Some(connection) = &mut lease.0 else { return Err(unavailable("no connection")) };
        if scope == Scope::Everything {
            open::ensure_may_see_all(connection).await?;
        }
        let answer = answer(connection, scope, text, arguments).await;
        if answer.is_ok() {
            drop(lease.0.take());
        }
        Ok(answer)
    }
}

async fn answer(
    connection: &mut PgConnection,
    scope: Scope<'_>,
    text: SqlStr,
    arguments: PgArguments,
) -> sqlx::Result<Vec<PgRow>> {
    let query = sqlx::query_with::<Postgres, _>(text, arguments);
    if scope == Scope::Nobody {
        return connection.fetch_all(query).await;
    }
    let mut transaction = connection.begin_with(AssertSqlSafe(begin_reading(scope))).await?;
    let rows = transaction.fetch_all(query).await?;
    transaction.commit().await?;
    Ok(rows)
}

impl Backend for PostgresReadModel {
    type Dialect = Postgres;

    async fn fetch(&self, scope: Scope<'_>, text: SqlStr, arguments: PgArguments) -> Result<Vec<PgRow>, StoreError> {
        let work = async {
            // As many as there may be connections of before, and one.
            for _ in 0..self.options.max_connections {
                let answer = self.ask(scope, text.clone(), arguments.clone()).await?;
                if !answer.as_ref().is_err_and(open::broken) {
                    return answer.map_err(unavailable);
                }
            }
            self.ask(scope, text, arguments).await?.map_err(unavailable)
        };
        timeout(self.options.query_timeout, work).await.map_err(|_| unavailable("the database does not answer"))?
    }

    fn writer(&self) -> &Writer<Postgres> {
        &self.writer
    }

    async fn open_writer(&self) -> Result<PgConnection, StoreError> {
        let mut connection = open::connect(&self.options, &self.options.projecting(&self.options.schema)).await?;
        // Tables of another version may take rows without an error, and the wrong ones.
        open::check(&mut connection, &self.options.schema).await?;
        Ok(connection)
    }

    async fn open_snapshot(&self) -> Result<PgConnection, StoreError> {
        let mut connection = open::connect(&self.options, &self.options.maintaining()).await?;
        open::ensure_may_see_all(&mut connection).await?;
        open::run(&mut connection, BEGIN_SNAPSHOT.to_owned()).await?;
        Ok(connection)
    }

    fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Rebuild>, StoreError>> {
        Box::pin(async { Ok(Box::new(PostgresRebuild::begin(&self.options).await?) as Box<dyn Rebuild>) })
    }

    async fn close_readers(&self) {
        self.readers.close().await;
    }
}
