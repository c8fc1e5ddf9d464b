//! All rows as they are at one moment: one read transaction on a connection of its own.

use sqlx::SqlStr;
use twofold_domain::{MessageId, TenantId, UserToken};
use twofold_event_log::{BoxFuture, Seq};

use super::query::{read_checkpoint, text};
use super::sink::number;
use super::{Dialect, Sink as _, Values, arguments, decode, decode_delivery};
use crate::StoreError;
use crate::projection::Hours;
use crate::rows::{
    AttemptKey, AttemptRow, AuditRow, DeliveryRow, SuppressionKey, SuppressionRow, TenantRow, UsageCounts, UsageKey,
    UserRow,
};
use crate::sql;
use crate::store::Snapshot;

/// Rows read at a time.
const PORTION: i64 = 2_000;

type Result<T> = std::result::Result<T, StoreError>;

pub(super) struct RelationalSnapshot<D: Dialect> {
    connection: D::Connection,
    checkpoint: Seq,
}

impl<D: Dialect> RelationalSnapshot<D> {
    /// The moment is that of the first read: the checkpoint's.
    pub async fn take(mut connection: D::Connection) -> Result<Self> {
        let checkpoint = read_checkpoint::<D>(&mut connection).await?;
        Ok(Self { connection, checkpoint })
    }

    async fn rows(&mut self, text: SqlStr, values: Values<D>) -> Result<Vec<D::Row>> {
        D::fetch(&mut self.connection, text, values.finish()?).await
    }
}

impl<D: Dialect> Snapshot for RelationalSnapshot<D> {
    fn checkpoint(&self) -> Seq {
        self.checkpoint
    }

    fn count(&mut self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async {
            let rows = self.rows(SqlStr::from_static(sql::COUNT_ROWS), Values::default()).await?;
            Ok(decode::one_number::<D>(&rows)?.unwrap_or(0).unsigned_abs())
        })
    }

    fn users(&mut self, after: Option<(TenantId, UserToken)>) -> BoxFuture<'_, Result<Vec<UserRow>>> {
        Box::pin(async move {
            let mut values = Values::<D>::default();
            values.text(after.as_ref().map_or("", |(tenant, _)| tenant.as_str()));
            values.text(after.as_ref().map_or("", |(_, user)| user.as_str()));
            values.number(PORTION);
            let rows = self.rows(text(sql::scan_users()), values).await?;
            decode::rows(&rows, decode::user::<D>)
        })
    }

    fn deliveries(&mut self, after: Option<MessageId>) -> BoxFuture<'_, Result<Vec<DeliveryRow>>> {
        Box::pin(async move {
            let mut values = Values::<D>::default();
            values.text(after.as_ref().map_or("", MessageId::as_str));
            values.number(PORTION);
            let rows = self.rows(text(sql::scan_deliveries()), values).await?;
            decode::rows(&rows, decode_delivery::delivery::<D>)
        })
    }

    fn attempts(&mut self, after: Option<AttemptKey>) -> BoxFuture<'_, Result<Vec<AttemptRow>>> {
        Box::pin(async move {
            let mut values = Values::<D>::default();
            values.text(after.as_ref().map_or("", |(message, ..)| message.as_str()));
            values.number(after.as_ref().map_or(0, |(_, seq, _)| number(*seq)));
            values.number(after.as_ref().map_or(0, |(.., idx)| i64::from(*idx)));
            values.number(PORTION);
            let rows = self.rows(text(sql::scan_attempts()), values).await?;
            decode::rows(&rows, decode_delivery::attempt::<D>)
        })
    }

    fn usage(&mut self, after: Option<UsageKey>) -> BoxFuture<'_, Result<Vec<(UsageKey, UsageCounts)>>> {
        Box::pin(async move {
            let mut values = Values::<D>::default();
            match &after {
                Some(key) => arguments::usage_key(&mut values, key),
                None => arguments::before_all_usage(&mut values),
            }
            values.number(PORTION);
            let rows = self.rows(text(sql::scan_usage()), values).await?;
            decode::rows(&rows, decode_delivery::usage::<D>)
        })
    }

    fn suppressions(&mut self, after: Option<SuppressionKey>) -> BoxFuture<'_, Result<Vec<SuppressionRow>>> {
        Box::pin(async move {
            let mut values = Values::<D>::default();
            values.text(after.as_ref().map_or("", |(tenant, _)| tenant.as_str()));
            values.text(after.as_ref().map_or("", |(_, destination)| destination));
            values.number(PORTION);
            let rows = self.rows(text(sql::scan_suppressions()), values).await?;
            decode::rows(&rows, decode_delivery::suppression::<D>)
        })
    }

    fn tenants(&mut self, after: Option<TenantId>) -> BoxFuture<'_, Result<Vec<TenantRow>>> {
        Box::pin(async move {
            let mut values = Values::<D>::default();
            values.text(after.as_ref().map_or("", TenantId::as_str));
            values.number(PORTION);
            let rows = self.rows(text(sql::tenants()), values).await?;
            decode::rows(&rows, decode::tenant::<D>)
        })
    }

    fn audit(&mut self, after: Option<(Seq, u32)>) -> BoxFuture<'_, Result<Vec<AuditRow>>> {
        Box::pin(async move {
            let (seq, idx) = after.map_or((0, 0), |(seq, idx)| (number(seq), i64::from(idx)));
            let mut values = Values::<D>::default();
            values.number(seq);
            values.number(idx);
            values.number(PORTION);
            let rows = self.rows(text(sql::scan_audit()), values).await?;
            decode::rows(&rows, decode::audit::<D>)
        })
    }

    fn hours(&mut self) -> BoxFuture<'_, Result<Hours>> {
        Box::pin(async {
            let rows = self.rows(SqlStr::from_static(sql::SCAN_HOURS), Values::default()).await?;
            Ok(decode::rows(&rows, decode::hour::<D>)?.into_iter().collect())
        })
    }
}
