//! How a process is: looked at once a second in the background, so that asking costs nothing.

mod lag;
mod look;
mod usage;
mod verdict;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use twofold_api::{Condition, Readiness};
use twofold_crypto::KeyStore;
use twofold_delivery::worker::{BreakerRow, Breakers, DeliveryStatus, Handoff, StatusSnapshot, TallyKey};
use twofold_domain::TenantId;
use twofold_engine::{DirectoryStatus, Engine, GuardCounts, SnapshotCounts, TenantView, UsageGuard};
use twofold_event_log::EventLog;
use twofold_projector::ProjectorStatus;
use twofold_read_model::{ReadModel, UsageRow};

use super::deployment::Deployment;
use super::roles::Roles;

pub use self::look::Look;

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// Looks between two readings of the figures of deliveries: a sum over two hours, and never in a hurry.
const FIGURES_EVERY: u32 = 10;

/// What is looked at, as far as the process has it.
#[derive(Debug)]
pub struct Parts {
    pub deployment: Arc<dyn Deployment>,
    pub log: Arc<dyn EventLog>,
    /// Where it authenticates or sends.
    pub keys: Option<Arc<dyn KeyStore>>,
    pub engine: Option<Arc<Engine>>,
    /// Where messages are asked for.
    pub guard: Option<Arc<UsageGuard>>,
    /// Where it reads or projects.
    pub store: Option<ReadModel>,
    pub projected: Option<watch::Receiver<ProjectorStatus>>,
    pub sending: Option<(DeliveryStatus, Breakers)>,
}

/// The health of a process, live. Clones share it.
#[derive(Debug, Clone)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    roles: Roles,
    parts: OnceLock<Parts>,
    /// Set when requests are let in.
    open: OnceLock<()>,
    seen: RwLock<Option<Look>>,
    figures: RwLock<Vec<UsageRow>>,
}

impl Health {
    /// Of a process that is starting.
    pub fn starting(roles: Roles) -> Self {
        Self(Arc::new(Inner {
            roles,
            parts: OnceLock::new(),
            open: OnceLock::new(),
            seen: RwLock::default(),
            figures: RwLock::default(),
        }))
    }

    /// From now on these are looked at. Answers after the first look.
    pub async fn begin(&self, parts: Parts) {
        let _only_once = self.0.parts.set(parts);
        self.look(None).await;
    }

    /// From now on requests are let in. Not before: a balancer sends them as soon as it hears that the process is ready.
    pub fn open(&self) {
        let _opened_before = self.0.open.set(());
    }

    /// Goes on looking until told to stop.
    pub async fn keep_looking(self, stop: CancellationToken) {
        let work = async {
            let mut behind = lag::Behind::default();
            for looks in (0..FIGURES_EVERY).cycle() {
                tokio::time::sleep(EVERY).await;
                self.look(Some(&mut behind)).await;
                if looks == 0 {
                    self.count().await;
                }
            }
            std::future::pending().await
        };
        let _stopped: Option<std::convert::Infallible> = stop.run_until_cancelled(work).await;
    }

    async fn look(&self, behind: Option<&mut lag::Behind>) {
        let Some(parts) = self.0.parts.get() else { return };
        let mut seen = look::look(parts).await;
        if let (Some(behind), Ok(head), Some(Ok(at))) = (behind, &seen.head, &seen.projected_to) {
            seen.lag_seconds = behind.observe(*head, *at);
        }
        *self.0.seen.write().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// Reads the figures of deliveries, where they are kept.
    async fn count(&self) {
        let Some(parts) = self.0.parts.get().filter(|_| self.0.roles.project) else { return };
        // Those of before are better than none: they stay while the database is away.
        if let Some(figures) = usage::figures(parts).await {
            *self.0.figures.write().unwrap_or_else(PoisonError::into_inner) = figures;
        }
    }

    /// What became of the messages of live users requested in this hour and the one before; where they are kept.
    pub fn figures(&self) -> Vec<UsageRow> {
        self.0.figures.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What people call a tenant. Its id where tenants are not followed.
    pub fn name(&self, tenant: &TenantId) -> String {
        let engine = self.0.parts.get().and_then(|parts| parts.engine.as_ref());
        let name = engine.and_then(|engine| engine.directory().tenant(tenant)?.state.name.clone());
        name.unwrap_or_else(|| tenant.to_string())
    }

    /// What the last look found; none while the process is starting.
    pub fn seen(&self) -> Option<Look> {
        self.0.open.get()?;
        self.0.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What this process does.
    pub fn roles(&self) -> Roles {
        self.0.roles
    }

    /// How fresh tenants and keys are, where they are followed.
    pub fn directory(&self) -> Option<DirectoryStatus> {
        let engine = self.0.parts.get()?.engine.as_ref()?;
        Some(*engine.directory_status().borrow())
    }

    /// What became of snapshots, where there are any.
    pub fn snapshots(&self) -> Option<SnapshotCounts> {
        Some(self.0.parts.get()?.engine.as_ref()?.snapshot_counts())
    }

    /// What was held back, where messages are asked for.
    pub fn guarded(&self) -> Option<GuardCounts> {
        Some(self.0.parts.get()?.guard.as_ref()?.counts())
    }

    /// The projector's status, where there is one.
    pub fn projected(&self) -> Option<ProjectorStatus> {
        self.0.parts.get()?.projected.as_ref().map(|status| status.borrow().clone())
    }

    /// The worker's numbers now, where there is one.
    pub fn sending(&self) -> Option<StatusSnapshot> {
        let parts = self.0.parts.get()?;
        let now = parts.engine.as_ref()?.clock().now();
        parts.sending.as_ref().map(|(status, _)| status.snapshot(now))
    }

    /// The same with everything that is counted.
    pub fn sending_in_full(&self) -> Option<Sending> {
        let now = self.sending()?;
        let parts = self.0.parts.get()?;
        let (engine, (status, breakers)) = (parts.engine.as_ref()?, parts.sending.as_ref()?);
        Some(Sending {
            now,
            tally: status.tally(),
            handoffs: status.handoffs(),
            breakers: breakers.snapshot(engine.clock().now()),
        })
    }

    /// All tenants, where they are followed.
    pub fn tenants(&self) -> Option<Vec<Arc<TenantView>>> {
        Some(self.0.parts.get()?.engine.as_ref()?.directory().tenants())
    }
}

/// A worker's numbers at one moment.
#[derive(Debug)]
pub struct Sending {
    pub now: StatusSnapshot,
    pub tally: Vec<(TallyKey, u64)>,
    pub handoffs: Vec<Handoff>,
    pub breakers: Vec<BreakerRow>,
}

impl Readiness for Health {
    fn condition(&self) -> Condition {
        verdict::of(self)
    }
}
