//! The port over any backend.

use std::time::Duration;

use twofold_domain::{AccountId, MessageId, Mode, TenantId, UserToken};
use twofold_event_log::{BoxFuture, Seq, Stored};

use super::snapshot::RelationalSnapshot;
use super::{Backend, audit, messages, query};
use crate::filter::{AuditFilter, DeliveryFilter, DeliveryPage, Page, TenantPage, UsageQuery, UserFilter, UserPage};
use crate::rebuild::Rebuild;
use crate::rows::{AttemptRow, AuditRow, DeliveryRow, SuppressionRow, TenantRow, UsageRow, UserRow};
use crate::store::{ReadStore, Snapshot};
use crate::{ProjectError, StoreError};

impl<B: Backend> ReadStore for B {
    fn apply<'a>(&'a self, batch: &'a [Stored]) -> BoxFuture<'a, Result<Seq, ProjectError>> {
        Box::pin(self.writer().apply(self, batch))
    }

    fn claim(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer().claim(self))
    }

    fn disclaim(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.writer().close())
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer().clear(self))
    }

    fn checkpoint(&self) -> BoxFuture<'_, Result<Seq, StoreError>> {
        Box::pin(query::checkpoint(self))
    }

    fn wait_for(&self, min_position: Seq, timeout: Duration) -> BoxFuture<'_, bool> {
        Box::pin(self.waiting().wait(self, min_position, timeout))
    }

    fn user<'a>(
        &'a self,
        tenant: &'a TenantId,
        user: &'a UserToken,
    ) -> BoxFuture<'a, Result<Option<UserRow>, StoreError>> {
        Box::pin(query::user(self, tenant, user))
    }

    fn users<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a UserFilter,
        page: &'a UserPage,
    ) -> BoxFuture<'a, Result<Vec<UserRow>, StoreError>> {
        Box::pin(query::users(self, tenant, mode, filter, page))
    }

    fn count_admins<'a>(
        &'a self,
        tenant: &'a TenantId,
        account: &'a AccountId,
        except_user: &'a UserToken,
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(query::count_admins(self, tenant, account, except_user))
    }

    fn audit<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a AuditFilter,
        page: Page,
    ) -> BoxFuture<'a, Result<Vec<AuditRow>, StoreError>> {
        Box::pin(audit::page(self, tenant, mode, filter, page))
    }

    fn deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a DeliveryFilter,
        page: DeliveryPage,
    ) -> BoxFuture<'a, Result<Vec<DeliveryRow>, StoreError>> {
        Box::pin(messages::deliveries(self, tenant, mode, filter, page))
    }

    fn delivery<'a>(
        &'a self,
        tenant: &'a TenantId,
        message: &'a MessageId,
    ) -> BoxFuture<'a, Result<Option<DeliveryRow>, StoreError>> {
        Box::pin(messages::delivery(self, tenant, message))
    }

    fn attempts<'a>(
        &'a self,
        tenant: &'a TenantId,
        message: &'a MessageId,
    ) -> BoxFuture<'a, Result<Vec<AttemptRow>, StoreError>> {
        Box::pin(messages::attempts(self, tenant, message))
    }

    fn dead_letters<'a>(
        &'a self,
        tenant: Option<&'a TenantId>,
        before: Option<Seq>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeliveryRow>, StoreError>> {
        Box::pin(messages::dead_letters(self, tenant, before, limit))
    }

    fn delivery_stats<'a>(&'a self, query: &'a UsageQuery) -> BoxFuture<'a, Result<Vec<UsageRow>, StoreError>> {
        Box::pin(messages::delivery_stats(self, query))
    }

    fn suppressions<'a>(
        &'a self,
        tenant: &'a TenantId,
        before: Option<Seq>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SuppressionRow>, StoreError>> {
        Box::pin(messages::suppressions(self, tenant, before, limit))
    }

    fn tenants<'a>(&'a self, page: &'a TenantPage) -> BoxFuture<'a, Result<Vec<TenantRow>, StoreError>> {
        Box::pin(query::tenants(self, page))
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn Snapshot>, StoreError>> {
        Box::pin(async {
            let snapshot = RelationalSnapshot::<B::Dialect>::take(self.open_snapshot().await?).await?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        })
    }

    fn begin_rebuild(&self) -> BoxFuture<'_, Result<Box<dyn Rebuild>, StoreError>> {
        self.begin()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.close_readers().await;
            // The last one to go: SQLite then moves its write-ahead log into the file.
            self.writer().close().await;
        })
    }
}
