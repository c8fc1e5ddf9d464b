//! All rows as they are at one moment: one read transaction on a connection of its own.

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, SqlSafeStr};
use twofold_domain::{MessageId, TenantId, UserToken};
use twofold_event_log::{BoxFuture, Seq};

use super::arguments::{Values, number};
use super::error::unavailable;
use super::{decode, save};
use crate::StoreError;
use crate::projection::Hours;
use crate::rows::{AuditRow, DeliveryRow, TenantRow, UserRow};
use crate::sql;
use crate::store::Snapshot;

/// Rows read at a time.
const PORTION: i64 = 2_000;

type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug)]
pub(super) struct SqliteSnapshot {
    connection: SqliteConnection,
    checkpoint: Seq,
}

impl SqliteSnapshot {
    /// The moment is the first read after `BEGIN`: that of the checkpoint.
    pub async fn take(mut connection: SqliteConnection) -> Result<Self> {
        sqlx::query("BEGIN").execute(&mut connection).await.map_err(unavailable)?;
        let checkpoint = save::checkpoint(&mut connection).await?;
        Ok(Self { connection, checkpoint })
    }

    async fn rows(&mut self, text: impl SqlSafeStr, values: SqliteArguments) -> Result<Vec<SqliteRow>> {
        sqlx::query_with(text, values).fetch_all(&mut self.connection).await.map_err(unavailable)
    }
}

impl Snapshot for SqliteSnapshot {
    fn checkpoint(&self) -> Seq {
        self.checkpoint
    }

    fn count(&mut self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async {
            let count = sqlx::query_scalar::<_, i64>(sql::COUNT_ROWS).fetch_one(&mut self.connection).await;
            Ok(count.map_err(unavailable)?.unsigned_abs())
        })
    }

    fn users(&mut self, after: Option<(TenantId, UserToken)>) -> BoxFuture<'_, Result<Vec<UserRow>>> {
        Box::pin(async move {
            let mut values = Values::default();
            values.text(after.as_ref().map_or("", |(tenant, _)| tenant.as_str()));
            values.text(after.as_ref().map_or("", |(_, user)| user.as_str()));
            values.add(PORTION);
            let rows = self.rows(AssertSqlSafe(sql::scan_users()), values.finish()?).await?;
            decode::rows(&rows, decode::user)
        })
    }

    fn deliveries(&mut self, after: Option<MessageId>) -> BoxFuture<'_, Result<Vec<DeliveryRow>>> {
        Box::pin(async move {
            let mut values = Values::default();
            values.text(after.as_ref().map_or("", MessageId::as_str));
            values.add(PORTION);
            let rows = self.rows(AssertSqlSafe(sql::scan_deliveries()), values.finish()?).await?;
            decode::rows(&rows, decode::delivery)
        })
    }

    fn tenants(&mut self, after: Option<TenantId>) -> BoxFuture<'_, Result<Vec<TenantRow>>> {
        Box::pin(async move {
            let mut values = Values::default();
            values.text(after.as_ref().map_or("", TenantId::as_str));
            values.add(PORTION);
            let rows = self.rows(AssertSqlSafe(sql::tenants()), values.finish()?).await?;
            decode::rows(&rows, decode::tenant)
        })
    }

    fn audit(&mut self, after: Option<(Seq, u32)>) -> BoxFuture<'_, Result<Vec<AuditRow>>> {
        Box::pin(async move {
            let (seq, idx) = after.map_or((0, 0), |(seq, idx)| (number(seq), i64::from(idx)));
            let mut values = Values::default();
            values.add(seq);
            values.add(idx);
            values.add(PORTION);
            let rows = self.rows(AssertSqlSafe(sql::scan_audit()), values.finish()?).await?;
            decode::rows(&rows, decode::audit)
        })
    }

    fn hours(&mut self) -> BoxFuture<'_, Result<Hours>> {
        Box::pin(async {
            let rows = self.rows(sql::SCAN_HOURS, SqliteArguments::default()).await?;
            Ok(decode::rows(&rows, decode::hour)?.into_iter().collect())
        })
    }
}
