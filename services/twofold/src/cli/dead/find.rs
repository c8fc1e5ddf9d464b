//! Which messages are dead.

use std::sync::Arc;

use twofold_domain::Mode;
use twofold_engine::TenantView;
use twofold_event_log::Seq;
use twofold_read_model::{DeliveryFilter, DeliveryPage, DeliveryRow, DeliveryStatus, ReadModel};

use crate::failure::{Context as _, Failure};

/// Rows asked for at a time.
const PAGE: usize = 500;

/// Dead messages of some tenants, the newest first; each with its tenant's index. A message to a test user goes to the
/// test inbox and never dies.
pub async fn dead(
    store: &ReadModel,
    tenants: &[Arc<TenantView>],
    limit: usize,
) -> Result<Vec<(usize, DeliveryRow)>, Failure> {
    let filter = DeliveryFilter { status: Some(DeliveryStatus::Dead), ..DeliveryFilter::default() };
    let mut found = Vec::new();
    for (index, tenant) in tenants.iter().enumerate() {
        let mut after: Option<Seq> = None;
        let mut left = limit;
        while left > 0 {
            let page = DeliveryPage { after, limit: left.min(PAGE), newest_first: true };
            let rows = store.deliveries(&tenant.id, Mode::Live, &filter, page).await;
            let rows = rows.context("the messages cannot be read")?;
            after = rows.last().map(|row| row.request_seq);
            left = if rows.len() < left.min(PAGE) { 0 } else { left - rows.len() };
            found.extend(rows.into_iter().map(|row| (index, row)));
        }
    }
    found.sort_by_key(|(_, row)| std::cmp::Reverse(row.request_seq));
    found.truncate(limit);
    Ok(found)
}
