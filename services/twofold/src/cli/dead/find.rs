//! Which messages are dead.

use twofold_domain::TenantId;
use twofold_event_log::Seq;
use twofold_read_model::{DeliveryRow, MAX_PAGE_ROWS, ReadModel};

use crate::failure::{Context as _, Failure};

/// Dead messages of a tenant, or of all, the newest first. Whoever may bring the read model up to the log, as these
/// commands do, may see all tenants. A message to a test user goes to the test inbox and never dies.
pub async fn dead(store: &ReadModel, tenant: Option<&TenantId>, limit: usize) -> Result<Vec<DeliveryRow>, Failure> {
    let mut found: Vec<DeliveryRow> = Vec::new();
    let mut before: Option<Seq> = None;
    while found.len() < limit {
        let wanted = (limit - found.len()).min(MAX_PAGE_ROWS);
        let rows = store.dead_letters(tenant, before, wanted).await.context("the messages cannot be read")?;
        let is_last = rows.len() < wanted;
        found.extend(rows);
        before = found.last().map(|row| row.request_seq);
        if is_last {
            break;
        }
    }
    Ok(found)
}
