//! The composition of ports that every use case runs on.

use std::sync::Arc;

use tokio::sync::watch;
use twofold_crypto::{KeyVault, Keyring, Random};
use twofold_event_log::{EventLog, SnapshotStore};

use crate::clock::Clock;
use crate::directory::{Directory, DirectoryStatus};
use crate::guard::{DeliveryGuard, NoGuard};
use crate::outbound::Outbound;
use crate::snapshot::{SnapshotCounts, Snapshots};
use crate::user::UserCache;

/// The ports.
#[derive(Debug, Clone)]
pub struct EngineParts {
    /// The event log.
    pub log: Arc<dyn EventLog>,
    /// Folded states beside the log; without them a cold load folds the user's whole history.
    pub snapshots: Option<Arc<dyn SnapshotStore>>,
    /// Keys derived from the master key.
    pub keyring: Arc<Keyring>,
    /// Keys of users and tenants.
    pub vault: Arc<KeyVault>,
    /// Randomness.
    pub rng: Arc<dyn Random>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The sending side.
    pub outbound: Arc<dyn Outbound>,
    /// Users whose state is kept in memory, at most. About 2 KiB each.
    pub cached_users: usize,
    /// Partitions of the user subjects; fixed for the life of a log.
    pub partitions: u16,
}

/// The use cases. Cheap to share.
#[derive(Debug)]
pub struct Engine {
    pub(crate) parts: EngineParts,
    pub(crate) guard: Arc<dyn DeliveryGuard>,
    pub(crate) directory: Directory,
    pub(crate) directory_status: watch::Sender<DirectoryStatus>,
    pub(crate) users: UserCache,
    pub(crate) snapshots: Snapshots,
    pub(crate) tenant_writes: tokio::sync::Mutex<()>,
}

impl Engine {
    /// Builds the engine; [`crate::follow`] must run before requests are answered.
    pub fn new(parts: EngineParts) -> Self {
        Self {
            users: UserCache::new(parts.cached_users),
            snapshots: Snapshots::new(parts.snapshots.clone()),
            directory: Directory::default(),
            directory_status: watch::Sender::default(),
            tenant_writes: tokio::sync::Mutex::new(()),
            guard: Arc::new(NoGuard),
            parts,
        }
    }

    /// Asks a guard before every message; without one nothing is held back.
    pub fn guarded_by(mut self, guard: Arc<dyn DeliveryGuard>) -> Self {
        self.guard = guard;
        self
    }

    /// Tenants, keys and accounts as this process knows them.
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// How fresh that knowledge is; cheap to ask and to keep.
    pub fn directory_status(&self) -> watch::Receiver<DirectoryStatus> {
        self.directory_status.subscribe()
    }

    /// What became of snapshots so far.
    pub fn snapshot_counts(&self) -> SnapshotCounts {
        self.snapshots.counts()
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.parts.log
    }

    /// The derived keys.
    pub fn keyring(&self) -> &Arc<Keyring> {
        &self.parts.keyring
    }

    /// The keys of users and tenants.
    pub fn vault(&self) -> &Arc<KeyVault> {
        &self.parts.vault
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    /// The sending side.
    pub fn outbound(&self) -> &Arc<dyn Outbound> {
        &self.parts.outbound
    }
}
