//! Following the log, so that a revoked key is dead and a changed rule in force on every node within a second.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use twofold_domain::tenant::{evolve_account, evolve_tenant};
use twofold_domain::{AccountId, TenantId};
use twofold_event_log::wire::{self, Decoded, Event};
use twofold_event_log::{Category, Seq, Stored};

use crate::engine::Engine;
use crate::error::EngineError;

/// Least time between two looks at the log: the head moves with every verification, the configuration hardly ever.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest time to wait for the head to move before looking all the same: a wake-up may come late or never.
const PATIENCE: Duration = Duration::from_millis(300);
/// Time for one page. A log that hangs is a log that fails.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);
/// How often keys of users in memory are looked through for those that have been there for too long.
const SWEEP: Duration = Duration::from_secs(30);
const PAGE: usize = 500;

/// Reads the whole configuration once, then answers the engine's background: a future that follows the configuration,
/// keeps snapshots and lets go of old keys until it is dropped. It never ends by itself.
pub async fn follow(engine: &Engine) -> Result<impl Future<Output = ()> + '_, EngineError> {
    let mut follower = Follower { engine, position: Seq::ZERO };
    // Before the first look: what is appended after it wakes the follower.
    let head = engine.parts.log.watch();
    follower.look().await?;
    Ok(async move {
        tokio::join!(follower.run(head), engine.snapshots.keep(&engine.parts.keyring), sweep(engine));
    })
}

async fn sweep(engine: &Engine) {
    loop {
        sleep(SWEEP).await;
        engine.parts.vault.sweep();
    }
}

struct Follower<'a> {
    engine: &'a Engine,
    position: Seq,
}

impl Follower<'_> {
    async fn run(mut self, mut head: watch::Receiver<Seq>) {
        let mut failing = false;
        loop {
            sleep(PAUSE).await;
            // An outage is looked at again without being told to: the head does not move while the log is away.
            if timeout(PATIENCE, head.changed()).await.is_ok_and(|moved| moved.is_err()) {
                sleep(PATIENCE).await;
            }
            let looked = self.look().await;
            match &looked {
                Ok(()) if failing => tracing::info!("the tenant directory follows the log again"),
                Err(error) if !failing => tracing::error!(%error, "the tenant directory cannot follow the log"),
                Ok(()) | Err(_) => {}
            }
            failing = looked.is_err();
        }
    }

    /// Reads and applies what is new. What was applied before an error stays.
    async fn look(&mut self) -> Result<(), EngineError> {
        let began = Instant::now();
        let outcome = self.catch_up().await;
        self.engine.directory_status.send_modify(|status| {
            status.reached = self.position;
            status.failing = outcome.is_err();
            if outcome.is_ok() {
                // When the reading began, not when it ended: only what was there then is certainly known.
                status.last_look = Some(began);
            }
        });
        outcome
    }

    async fn catch_up(&mut self) -> Result<(), EngineError> {
        loop {
            let page = self.engine.parts.log.read_category(Category::Config, self.position, PAGE);
            let page = timeout(PAGE_TIMEOUT, page)
                .await
                .map_err(|_| EngineError::Unavailable("the log did not answer within 5 s".to_owned()))??;
            let Some(last) = page.last() else { return Ok(()) };
            apply(self.engine, &page)?;
            self.position = last.seq;
        }
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
