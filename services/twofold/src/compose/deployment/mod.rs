//! Where log, keys and tables are: in one folder, or with a broker and a database. The only place that names adapters.

mod embedded;
mod patience;
mod production;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use twofold_crypto::{KeyStore, Keyring};
use twofold_domain::Channel;
use twofold_event_log::{BoxFuture, EventLog, SnapshotStore, UsageStore, WorkQueue};
use twofold_jetstream::QueueStatus;
use twofold_read_model::ReadModel;

use super::{DataDir, Roles};
use crate::config::Settings;
use crate::failure::Failure;

use self::embedded::Embedded;
use self::patience::Trouble;
use self::production::Production;

pub use self::patience::Patience;
pub use self::production::{connect, database_options, fingerprint, master_key};

/// How a process comes to a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Makes what is missing: a first start.
    Make,
    /// Only what is there: a mistyped path must not become a new, empty installation.
    Existing,
    /// The same, and writes nothing into the log.
    Reading,
}

/// The adapters behind the ports, whichever they are. Cheap to ask; what is behind a method is opened by it.
pub trait Deployment: std::fmt::Debug + Send + Sync {
    /// The event log, open.
    fn log(&self) -> Arc<dyn EventLog>;

    /// Partitions of the user subjects. Fixed for the life of a log: it is part of every subject.
    fn partitions(&self) -> u16;

    /// The keys derived from the master key. Another key than the one this log was begun with is refused.
    fn keyring(&self, settings: &Settings) -> Result<Keyring, Failure>;

    /// The wrapped keys of users and tenants.
    fn keys(&self) -> BoxFuture<'_, Result<Arc<dyn KeyStore>, Failure>>;

    /// Folded states. None: they cannot be had, and every cold load folds from the log.
    fn snapshots(&self) -> BoxFuture<'_, Option<Arc<dyn SnapshotStore>>>;

    /// Where messages are counted, for limits and budgets.
    fn usage(&self) -> BoxFuture<'_, Result<Arc<dyn UsageStore>, Failure>>;

    /// The read model. A database that is away is no failure: every query will say so.
    fn read_model(&self) -> BoxFuture<'_, Result<ReadModel, Failure>>;

    /// The work of several processes. None: this process has the log to itself and follows it.
    fn queue<'a>(
        &'a self,
        channels: &'a BTreeSet<Channel>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn WorkQueue>>, Failure>>;

    /// The folder, when everything is in one.
    fn folder(&self) -> Option<&DataDir>;

    /// Where channels that write files write them.
    fn outbox(&self) -> PathBuf;

    /// Numbers of its own, for metrics and readiness. Asks the servers.
    fn vitals(&self) -> BoxFuture<'_, Vitals>;

    /// Leaves everything tidy; the log is closed by then.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// What the servers say of themselves; none of what there is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Whether the connection to the broker stands.
    pub broker_connected: Option<bool>,
    /// Bytes of the log.
    pub log_bytes: Option<u64>,
    /// Most bytes it may have; 0: the disk is the limit.
    pub log_limit_bytes: Option<u64>,
    /// Connections to the database, and how many of them are idle.
    pub database_connections: Option<(u32, u32)>,
    /// The consumers that hand out requests to deliver, where this process takes them.
    pub queue: Vec<QueueStatus>,
}

/// Opens the deployment that the settings describe.
pub async fn open(
    settings: &Settings,
    roles: Roles,
    access: Access,
    patience: Patience,
) -> Result<Arc<dyn Deployment>, Failure> {
    Ok(if settings.is_production() {
        Arc::new(Production::open(settings, roles, patience).await?)
    } else {
        let dir = match access {
            Access::Make => DataDir::open_or_create(&settings.data_dir)?,
            Access::Existing | Access::Reading => DataDir::open_existing(&settings.data_dir)?,
        };
        Arc::new(Embedded::open(dir, access).await?)
    })
}
