//! How a process is: looked at once a second in the background, so that asking costs nothing.

mod lag;
mod look;
mod verdict;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use twofold_api::{Condition, Readiness};
use twofold_crypto::KeyStore;
use twofold_delivery::worker::{DeliveryStatus, StatusSnapshot};
use twofold_engine::{DirectoryStatus, Engine, SnapshotCounts};
use twofold_event_log::EventLog;
use twofold_projector::ProjectorStatus;
use twofold_read_model::ReadModel;

use super::deployment::Deployment;
use super::roles::Roles;

pub use self::look::Look;

/// Pause between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// What is looked at, as far as the process has it.
#[derive(Debug)]
pub struct Parts {
    pub deployment: Arc<dyn Deployment>,
    pub log: Arc<dyn EventLog>,
    /// Where it authenticates or sends.
    pub keys: Option<Arc<dyn KeyStore>>,
    pub engine: Option<Arc<Engine>>,
    /// Where it reads or projects.
    pub store: Option<ReadModel>,
    pub projected: Option<watch::Receiver<ProjectorStatus>>,
    pub sending: Option<DeliveryStatus>,
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
}

impl Health {
    /// Of a process that is starting.
    pub fn starting(roles: Roles) -> Self {
        Self(Arc::new(Inner { roles, parts: OnceLock::new(), open: OnceLock::new(), seen: RwLock::new(None) }))
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
            loop {
                tokio::time::sleep(EVERY).await;
                self.look(Some(&mut behind)).await;
            }
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

    /// The projector's status, where there is one.
    pub fn projected(&self) -> Option<ProjectorStatus> {
        self.0.parts.get()?.projected.as_ref().map(|status| status.borrow().clone())
    }

    /// The worker's numbers now, where there is one.
    pub fn sending(&self) -> Option<StatusSnapshot> {
        let parts = self.0.parts.get()?;
        let now = parts.engine.as_ref()?.clock().now();
        parts.sending.as_ref().map(|status| status.snapshot(now))
    }
}

impl Readiness for Health {
    fn condition(&self) -> Condition {
        verdict::of(self)
    }
}
