//! The newest rows of several tenants, in the order of the log.

use std::sync::Arc;

use twofold_domain::{Mode, PanelId, Timestamp};
use twofold_engine::TenantView;
use twofold_read_model::{AuditFilter, AuditRow, MAX_PAGE_ROWS, Page, ReadStore};

use crate::compose::Core;
use crate::failure::{Context as _, Failure};

/// What is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    pub user: Option<&'a str>,
    pub kinds: &'a [String],
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub limit: usize,
}

/// The rows, oldest first.
pub async fn gather(
    core: &Core,
    store: &dyn ReadStore,
    tenants: &[Arc<TenantView>],
    asked: &Wanted<'_>,
) -> Result<Vec<AuditRow>, Failure> {
    let user =
        asked.user.map(PanelId::parse).transpose().map_err(|error| Failure::Usage(format!("--user: {error}")))?;
    let mut rows = Vec::new();
    for tenant in tenants {
        for mode in [Mode::Live, Mode::Test] {
            let filter = AuditFilter {
                user: user.as_ref().map(|id| core.engine.keyring().user_token(&tenant.id, mode, id)),
                kinds: asked.kinds.to_vec(),
                from: asked.from,
                to: asked.to,
                ..AuditFilter::default()
            };
            rows.extend(newest(store, tenant, mode, &filter, asked.limit).await?);
        }
    }
    // What concerns a tenant as a whole is seen in both modes.
    rows.sort_by_key(|row| (row.seq, row.idx));
    rows.dedup_by_key(|row| (row.seq, row.idx));
    Ok(rows.split_off(rows.len().saturating_sub(asked.limit)))
}

async fn newest(
    store: &dyn ReadStore,
    of: &TenantView,
    mode: Mode,
    filter: &AuditFilter,
    limit: usize,
) -> Result<Vec<AuditRow>, Failure> {
    let mut rows: Vec<AuditRow> = Vec::new();
    while rows.len() < limit {
        let after = rows.last().map(|row| (row.seq, row.idx));
        let place = Page { after, limit: MAX_PAGE_ROWS.min(limit - rows.len()), newest_first: true };
        let page = store.audit(&of.id, mode, filter, place).await.context("the read model")?;
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    Ok(rows)
}
