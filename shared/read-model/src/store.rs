//! The port: what a read model can do. All queries are scoped to one tenant, except the operator's list of tenants.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use twofold_domain::{AccountId, MessageId, Mode, TenantId, UserToken};
use twofold_event_log::{BoxFuture, Seq, Stored};

use crate::filter::{
    AuditFilter, DeliveryFilter, DeliveryPage, MAX_PAGE_ROWS, Page, TenantPage, UsageQuery, UserFilter, UserPage,
};
use crate::projection::Hours;
use crate::rebuild::Rebuild;
use crate::rows::{
    AttemptKey, AttemptRow, AuditRow, DeliveryRow, SuppressionKey, SuppressionRow, TenantRow, UsageCounts, UsageKey,
    UsageRow, UserRow,
};
use crate::{ProjectError, StoreError};

/// A read model. Shared by every part of a process; never the ground of a decision (invariant 1).
pub trait ReadStore: Send + Sync + Debug {
    /// Projects commits in one transaction, checkpoint included, and answers the checkpoint afterwards. The commits
    /// are in order and without gaps; those at or before the checkpoint are left out, so a batch may come again.
    ///
    /// Dropping the future leaves either all of the batch or nothing of it.
    ///
    /// # Errors
    /// [`ProjectError`]; nothing of the batch was projected.
    fn apply<'a>(&'a self, batch: &'a [Stored]) -> BoxFuture<'a, Result<Seq, ProjectError>>;

    /// Claims the projecting for this process: `true` while it is ours, `false` while another process has it. Advice that
    /// saves work, for whatever several project all the same is projected once. The claim goes with the connection that
    /// projects: after a failure it has to be asked for again.
    fn claim(&self) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Lets go of the claim.
    fn disclaim(&self) -> BoxFuture<'_, ()>;

    /// Throws all rows and the checkpoint away.
    fn clear(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// How far the log has been projected, read from the store itself.
    fn checkpoint(&self) -> BoxFuture<'_, Result<Seq, StoreError>>;

    /// Waits until a position has been projected, by whichever process; `false` when it was not in time.
    fn wait_for(&self, min_position: Seq, timeout: Duration) -> BoxFuture<'_, bool>;

    /// One user.
    fn user<'a>(
        &'a self,
        tenant: &'a TenantId,
        user: &'a UserToken,
    ) -> BoxFuture<'a, Result<Option<UserRow>, StoreError>>;

    /// A page of users.
    fn users<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a UserFilter,
        page: &'a UserPage,
    ) -> BoxFuture<'a, Result<Vec<UserRow>, StoreError>>;

    /// Administrators of an account besides one user, in that user's mode (S2-14).
    fn count_admins<'a>(
        &'a self,
        tenant: &'a TenantId,
        account: &'a AccountId,
        except_user: &'a UserToken,
    ) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// A page of the audit. What concerns the tenant as a whole is seen in both modes. One user's costs as much as the page
    /// newest first, and as much as lies after the cursor oldest first.
    fn audit<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a AuditFilter,
        page: Page,
    ) -> BoxFuture<'a, Result<Vec<AuditRow>, StoreError>>;

    /// A page of messages.
    fn deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a DeliveryFilter,
        page: DeliveryPage,
    ) -> BoxFuture<'a, Result<Vec<DeliveryRow>, StoreError>>;

    /// One message.
    fn delivery<'a>(
        &'a self,
        tenant: &'a TenantId,
        message: &'a MessageId,
    ) -> BoxFuture<'a, Result<Option<DeliveryRow>, StoreError>>;

    /// The ledger of a message, in the order of the log: its first [`MAX_PAGE_ROWS`] entries.
    fn attempts<'a>(
        &'a self,
        tenant: &'a TenantId,
        message: &'a MessageId,
    ) -> BoxFuture<'a, Result<Vec<AttemptRow>, StoreError>>;

    /// Dead messages of either mode, newest first: those of a tenant, or of all for the operator. `before`: the
    /// `request_seq` of the last row of the page before. At most [`MAX_PAGE_ROWS`].
    fn dead_letters<'a>(
        &'a self,
        tenant: Option<&'a TenantId>,
        before: Option<Seq>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeliveryRow>, StoreError>>;

    /// Figures of deliveries, those of the most messages first.
    fn delivery_stats<'a>(&'a self, query: &'a UsageQuery) -> BoxFuture<'a, Result<Vec<UsageRow>, StoreError>>;

    /// Destinations that a tenant sends nothing to, the newest first. `before`: the `position` of the last row of the
    /// page before. At most [`MAX_PAGE_ROWS`].
    fn suppressions<'a>(
        &'a self,
        tenant: &'a TenantId,
        before: Option<Seq>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SuppressionRow>, StoreError>>;

    /// A page of tenants: for the operator only.
    fn tenants<'a>(&'a self, page: &'a TenantPage) -> BoxFuture<'a, Result<Vec<TenantRow>, StoreError>>;

    /// Starts to fold the log into new tables beside the live ones; [`crate::rebuild`] does the rest. One at a time.
    fn begin_rebuild(&self) -> BoxFuture<'_, Result<Box<dyn Rebuild>, StoreError>>;

    /// All rows as they are at one moment, for comparisons.
    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn Snapshot>, StoreError>>;

    /// Closes all connections. May be called again.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// All rows as they are at one moment, tenant by tenant regardless: for comparisons only.
pub trait Snapshot: Send {
    /// Position of that moment.
    fn checkpoint(&self) -> Seq;

    /// Users, messages and entries of ledgers together.
    fn count(&mut self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// The next users in the order of their keys; an empty answer is the end.
    fn users(&mut self, after: Option<(TenantId, UserToken)>) -> BoxFuture<'_, Result<Vec<UserRow>, StoreError>>;

    /// The next messages in the order of their ids.
    fn deliveries(&mut self, after: Option<MessageId>) -> BoxFuture<'_, Result<Vec<DeliveryRow>, StoreError>>;

    /// The next entries of ledgers in the order of their keys.
    fn attempts(&mut self, after: Option<AttemptKey>) -> BoxFuture<'_, Result<Vec<AttemptRow>, StoreError>>;

    /// The next figures in the order of their keys.
    fn usage(&mut self, after: Option<UsageKey>) -> BoxFuture<'_, Result<Vec<(UsageKey, UsageCounts)>, StoreError>>;

    /// The next destinations that are or were on a list, in the order of their keys.
    fn suppressions(&mut self, after: Option<SuppressionKey>)
    -> BoxFuture<'_, Result<Vec<SuppressionRow>, StoreError>>;

    /// The next tenants in the order of their ids.
    fn tenants(&mut self, after: Option<TenantId>) -> BoxFuture<'_, Result<Vec<TenantRow>, StoreError>>;

    /// The next audit rows in the order of the log.
    fn audit(&mut self, after: Option<(Seq, u32)>) -> BoxFuture<'_, Result<Vec<AuditRow>, StoreError>>;

    /// All hours.
    fn hours(&mut self) -> BoxFuture<'_, Result<Hours, StoreError>>;
}

/// The whole audit behind a filter, for exports: pages behind the scenes, so it holds one page in memory and no
/// transaction. Rows that come in meanwhile are at the end, or missing when `newest_first`.
pub fn audit_export<'a>(
    store: &'a dyn ReadStore,
    tenant: &'a TenantId,
    mode: Mode,
    filter: &'a AuditFilter,
    newest_first: bool,
) -> BoxStream<'a, Result<AuditRow, StoreError>> {
    let first = Page { after: None, limit: MAX_PAGE_ROWS, newest_first };
    let pages = stream::unfold(Some(first), move |page| async move {
        let page = page?;
        match store.audit(tenant, mode, filter, page).await {
            Ok(rows) => {
                let full = rows.len() == page.limit;
                let after = rows.last().map(|row| (row.seq, row.idx));
                let next = full.then_some(Page { after, ..page });
                Some((stream::iter(rows).map(Ok).left_stream(), next))
            }
            Err(error) => Some((stream::iter([Err(error)]).right_stream(), None)),
        }
    });
    pages.flatten().boxed()
}
