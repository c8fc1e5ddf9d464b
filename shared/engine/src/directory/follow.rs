//! Following the log, so that a revoked key is dead and a changed rule in force on every node within a second.

use std::time::Duration;

use twofold_domain::tenant::{evolve_account, evolve_tenant};
use twofold_domain::{AccountId, TenantId};
use twofold_event_log::wire::{self, Decoded, Event};
use twofold_event_log::{Category, Seq, Stored};

use crate::engine::Engine;
use crate::error::EngineError;

/// Least time between two looks at the log: the head moves with every verification, the configuration hardly ever.
const PAUSE: Duration = Duration::from_millis(200);
const PAGE: usize = 500;

/// Reads the whole configuration once, then answers a future that follows it until dropped.
pub async fn follow(engine: &Engine) -> Result<impl Future<Output = ()> + '_, EngineError> {
    let mut position = catch_up(engine, Seq::ZERO).await?;
    Ok(async move {
        let mut head = engine.parts.log.watch();
        loop {
            tokio::time::sleep(PAUSE).await;
            if head.changed().await.is_err() {
                return;
            }
            match catch_up(engine, position).await {
                Ok(reached) => position = reached,
                Err(error) => tracing::error!(%error, "the tenant directory cannot follow the log"),
            }
        }
    })
}

async fn catch_up(engine: &Engine, mut after: Seq) -> Result<Seq, EngineError> {
    loop {
        let page = engine.parts.log.read_category(Category::Config, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(after) };
        after = last.seq;
        apply(engine, &page)?;
    }
}

/// Applies a page; what this process appended itself is in the directory already and is passed over.
fn apply(engine: &Engine, page: &[Stored]) -> Result<(), EngineError> {
    for stored in page {
        let decoded =
            wire::decode(&stored.subject, &stored.payload).map_err(|e| EngineError::Integrity(e.to_string()))?;
        let Some(tenant) = stored.subject.tenant_id() else { continue };
        match AccountId::parse(stored.subject.last_token()) {
            Ok(account) => apply_account(engine, stored.seq, &tenant, &account, &decoded),
            Err(_) => apply_tenant(engine, stored.seq, &tenant, &decoded),
        }
    }
    Ok(())
}

fn apply_tenant(engine: &Engine, seq: Seq, id: &TenantId, decoded: &Decoded) {
    let (mut state, position) =
        engine.directory.tenant(id).map(|view| (view.state.clone(), view.position)).unwrap_or_default();
    if seq > position {
        for event in &decoded.events {
            if let Event::Tenant(event) = event {
                evolve_tenant(&mut state, event, decoded.meta.at);
            }
        }
        engine.directory.put_tenant(id, state, seq);
    }
}

fn apply_account(engine: &Engine, seq: Seq, tenant: &TenantId, id: &AccountId, decoded: &Decoded) {
    let (mut account, position) = engine.directory.account(tenant, id);
    if seq > position {
        for event in &decoded.events {
            if let Event::Account(event) = event {
                evolve_account(&mut account, event);
            }
        }
        engine.directory.put_account(tenant, id, account, seq);
    }
}
