//! The rules as they were: the tenant's document and the account's overrides, replayed as the user is.

use std::sync::Arc;

use twofold_domain::settings::Settings;
use twofold_domain::tenant::{Account, Tenant, evolve_account, evolve_tenant};
use twofold_domain::{AccountId, Timestamp};
use twofold_engine::{Chain, EngineError, TenantView};
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Seq, Subject};

use crate::app::App;
use crate::http::Result;

const PAGE: usize = 500;

/// Up to where.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// This commit and everything before it.
    Position(Seq),
    /// Everything not later.
    Instant(Timestamp),
}

/// The effective rules at a moment; none is now.
pub async fn rules(
    app: &App,
    tenant: &TenantView,
    account: Option<&AccountId>,
    at: Option<Moment>,
) -> Result<Arc<Settings>> {
    let Some(at) = at else { return Ok(app.engine.directory().settings_for(tenant, account)) };
    let mut then = Tenant::default();
    fold(app, &Subject::tenant(&tenant.id), at, |event, time| {
        if let Event::Tenant(event) = event {
            evolve_tenant(&mut then, event, time);
        }
    })
    .await?;
    let Some(account) = account else { return Ok(then.settings) };
    let mut overrides = Account { panel_id: None, overrides: serde_json::json!({}) };
    fold(app, &Subject::account(&tenant.id, account), at, |event, _| {
        if let Event::Account(event) = event {
            evolve_account(&mut overrides, event);
        }
    })
    .await?;
    // Overrides that did not fit gave way to the tenant's rules then as well.
    Ok(Settings::overlay(&then.document, &overrides.overrides)
        .map_or(then.settings, |(_, settings)| Arc::new(settings)))
}

async fn fold(app: &App, subject: &Subject, until: Moment, mut apply: impl FnMut(&Event, Timestamp)) -> Result<()> {
    let unusable = |error: String| EngineError::Integrity(error);
    let (mut after, mut chain) = (Seq::ZERO, Chain::start());
    loop {
        let page = app.engine.log().read_subject(subject, after, PAGE).await.map_err(EngineError::from)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        for stored in &page {
            chain = chain.check(app.engine.keyring(), stored).map_err(|e| unusable(e.to_string()))?;
            let decoded = wire::decode(subject, &stored.payload).map_err(|e| unusable(e.to_string()))?;
            let beyond = match until {
                Moment::Position(last) => stored.seq > last,
                Moment::Instant(last) => decoded.meta.at > last,
            };
            if beyond {
                return Ok(());
            }
            decoded.events.iter().for_each(|event| apply(event, decoded.meta.at));
        }
    }
}
