//! Log, keys and work with a NATS server, tables in PostgreSQL.

mod broker;
mod reading;
mod tables;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use secrecy::ExposeSecret as _;
use twofold_crypto::{KeyStore, Keyring, MasterKey};
use twofold_domain::Channel;
use twofold_event_log::{BoxFuture, EventLog, SnapshotStore, UsageStore, WorkQueue};
use twofold_jetstream::{
    Broker, Checked, JetStreamKeyStore, JetStreamLog, JetStreamLogOptions, JetStreamQueue, JetStreamSnapshots,
    JetStreamUsage,
};
use twofold_read_model::{PostgresReadModel, ReadModel};
use twofold_telemetry::current_traceparent;

use self::reading::ReadingSnapshots;
use super::{Deployment, Patience, Trouble, Vitals};
use crate::compose::{DataDir, Roles};
use crate::config::Settings;
use crate::failure::Failure;

pub use self::broker::connect;
pub use self::tables::options as database_options;

/// A connection to the broker, the log there, and the way to the database.
#[derive(Debug)]
pub struct Production {
    roles: Roles,
    patience: Patience,
    broker: Broker,
    checked: Checked,
    log: Arc<dyn EventLog>,
    settings: Settings,
    tables: OnceLock<Arc<PostgresReadModel>>,
    queue: Mutex<Option<Arc<JetStreamQueue>>>,
}

impl Production {
    /// Connects, and looks at the servers before trusting them with anything.
    pub async fn open(settings: &Settings, roles: Roles, patience: Patience) -> Result<Self, Failure> {
        // Told at once, not when the broker is there.
        if roles.needs_keys() {
            master_key(settings)?;
        }
        if roles.needs_tables() {
            tables::options(&settings.postgres, roles)?;
        }
        let broker = connect(settings, roles, patience).await?;
        let checked = broker::checked(&broker, settings, patience).await?;
        let options = JetStreamLogOptions { trace: Some(current_traceparent), ..JetStreamLogOptions::default() };
        let open = || async {
            let opened = JetStreamLog::open(&broker, options.clone()).await;
            opened.map_err(|error| Trouble::Passing(error.to_string()))
        };
        let opened = patience.wait_for("the event log", open).await?;
        Ok(Self {
            roles,
            patience,
            broker,
            checked,
            log: Arc::new(opened),
            settings: settings.clone(),
            tables: OnceLock::new(),
            queue: Mutex::default(),
        })
    }

    fn asked_queue(&self) -> MutexGuard<'_, Option<Arc<JetStreamQueue>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> Result<Arc<PostgresReadModel>, Failure> {
        let opened = PostgresReadModel::open_lazy(tables::options(&self.settings.postgres, self.roles)?);
        Ok(Arc::clone(self.tables.get_or_init(|| Arc::new(opened))))
    }

    async fn open_queue(&self, channels: &BTreeSet<Channel>) -> Result<Arc<dyn WorkQueue>, Failure> {
        let open = || async {
            let opened = JetStreamQueue::open(&self.broker, channels).await;
            opened.map_err(|error| Trouble::Passing(error.to_string()))
        };
        let opened = self.patience.wait_for("the work queue", open).await?;
        let queue = Arc::new(opened);
        *self.asked_queue() = Some(Arc::clone(&queue));
        Ok(queue)
    }
}

/// The master key, which is never made here: processes on several machines would make several.
pub fn master_key(settings: &Settings) -> Result<MasterKey, Failure> {
    let Some(text) = &settings.master_key else {
        return Err(Failure::Usage(
            "the master key is missing: every process that shares a log needs the same one, from TWOFOLD__MASTER_KEY or from a file that TWOFOLD__MASTER_KEY_FILE names; `openssl rand -hex 32` draws a new one"
                .to_owned(),
        ));
    };
    MasterKey::from_text(text.expose_secret()).map_err(|error| Failure::Usage(format!("TWOFOLD__MASTER_KEY: {error}")))
}

/// How the log names the master key it was begun with.
pub fn fingerprint(keyring: &Keyring) -> String {
    format!("{:08x}", keyring.master_id())
}

impl Deployment for Production {
    fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log)
    }

    fn partitions(&self) -> u16 {
        self.checked.partitions
    }

    fn keyring(&self, settings: &Settings) -> Result<Keyring, Failure> {
        let keyring = Keyring::new(&master_key(settings)?);
        let (ours, theirs) = (fingerprint(&keyring), &self.checked.master_fingerprint);
        if ours == *theirs {
            return Ok(keyring);
        }
        Err(Failure::new(format!(
            "this is another master key: the stream {} was begun with key {theirs}, this is key {ours}; give the right one in TWOFOLD__MASTER_KEY or TWOFOLD__MASTER_KEY_FILE",
            self.broker.names().stream()
        )))
    }

    fn keys(&self) -> BoxFuture<'_, Result<Arc<dyn KeyStore>, Failure>> {
        Box::pin(async { Ok(Arc::new(JetStreamKeyStore::new(&self.broker)) as Arc<dyn KeyStore>) })
    }

    fn snapshots(&self) -> BoxFuture<'_, Option<Arc<dyn SnapshotStore>>> {
        let store: Arc<dyn SnapshotStore> = Arc::new(JetStreamSnapshots::new(&self.broker));
        let store = if self.roles.api { store } else { Arc::new(ReadingSnapshots(store)) };
        Box::pin(async { Some(store) })
    }

    fn usage(&self) -> BoxFuture<'_, Result<Arc<dyn UsageStore>, Failure>> {
        Box::pin(async { Ok(Arc::new(JetStreamUsage::new(&self.broker)) as Arc<dyn UsageStore>) })
    }

    fn read_model(&self) -> BoxFuture<'_, Result<ReadModel, Failure>> {
        Box::pin(async { Ok(self.tables()? as ReadModel) })
    }

    fn queue<'a>(
        &'a self,
        channels: &'a BTreeSet<Channel>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn WorkQueue>>, Failure>> {
        Box::pin(async { self.open_queue(channels).await.map(Some) })
    }

    fn folder(&self) -> Option<&DataDir> {
        None
    }

    fn outbox(&self) -> PathBuf {
        self.settings.data_dir.join("outbox")
    }

    fn vitals(&self) -> BoxFuture<'_, Vitals> {
        Box::pin(async {
            let mut vitals = broker::vitals(&self.broker).await;
            vitals.database_connections = self.tables.get().map(|tables| tables.connections());
            vitals.queue = self.asked_queue().as_ref().map(|queue| queue.status()).unwrap_or_default();
            vitals
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // It would go on asking, and say that nobody answers.
            drop(self.asked_queue().take());
            self.broker.close().await;
        })
    }
}
