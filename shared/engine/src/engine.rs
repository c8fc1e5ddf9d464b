//! The composition of ports that every use case runs on.

use std::sync::Arc;

use twofold_crypto::{KeyVault, Keyring, Random};
use twofold_event_log::EventLog;

use crate::clock::Clock;
use crate::directory::Directory;
use crate::outbound::Outbound;
use crate::user::UserCache;

/// The ports.
#[derive(Debug, Clone)]
pub struct EngineParts {
    /// The event log.
    pub log: Arc<dyn EventLog>,
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
    pub(crate) directory: Directory,
    pub(crate) users: UserCache,
    pub(crate) tenant_writes: tokio::sync::Mutex<()>,
}

impl Engine {
    /// Builds the engine; [`crate::follow`] must run before requests are answered.
    pub fn new(parts: EngineParts) -> Self {
        let users = UserCache::new(parts.cached_users);
        Self { parts, directory: Directory::default(), users, tenant_writes: tokio::sync::Mutex::new(()) }
    }

    /// Tenants, keys and accounts as this process knows them.
    pub const fn directory(&self) -> &Directory {
        &self.directory
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
