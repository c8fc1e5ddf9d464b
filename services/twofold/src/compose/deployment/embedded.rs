//! Everything in one folder, with SQLite.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use twofold_crypto::{KeyStore, Keyring, MasterKey, OsRandom, SqliteKeyStore};
use twofold_domain::Channel;
use twofold_event_log::{
    BoxFuture, EventLog, SnapshotStore, SqliteLog, SqliteLogOptions, SqliteSnapshots, SqliteUsage, UsageStore,
    WorkQueue,
};
use twofold_read_model::{ReadModel, SqliteReadModel, SqliteReadModelOptions};

use super::{Access, Deployment, Vitals};
use crate::compose::{DataDir, master_id};
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// Page caches, in KiB. One process on a small machine: the kernel's cache holds the rest.
const LOG_CACHE_KIB: u32 = 8 * 1024;
const READ_MODEL_CACHE_KIB: u32 = 12 * 1024;
/// Reading connections of each file.
const READERS: u32 = 3;
const PARTITIONS: u16 = 16;

/// The folder and its log.
#[derive(Debug)]
pub struct Embedded {
    dir: DataDir,
    log: Arc<dyn EventLog>,
}

impl Embedded {
    /// Opens the log of a folder.
    pub async fn open(dir: DataDir, access: Access) -> Result<Self, Failure> {
        let options =
            SqliteLogOptions { cache_kib: LOG_CACHE_KIB, readers: READERS, ..SqliteLogOptions::new(dir.log()) };
        let opened = match access {
            Access::Make | Access::Existing => SqliteLog::open(options).await,
            Access::Reading => SqliteLog::open_read_only(options).await,
        };
        Ok(Self { dir, log: Arc::new(opened.context("log.db")?) })
    }

    fn master_key(&self, settings: &Settings) -> Result<MasterKey, Failure> {
        if let Some(text) = &settings.master_key {
            return MasterKey::from_text(text.expose_secret())
                .map_err(|error| Failure::Usage(format!("TWOFOLD__MASTER_KEY: {error}")));
        }
        let path = self.dir.master_key();
        if !path.exists() && master_id::is_begun(&self.dir) {
            let text = format!("the master key is missing: put {} back, or set TWOFOLD__MASTER_KEY", path.display());
            return Err(Failure::new(text));
        }
        MasterKey::load_or_create(path, &OsRandom).map_err(|error| Failure::Failed(error.to_string()))
    }

    async fn open_read_model(&self) -> Result<ReadModel, Failure> {
        let options = SqliteReadModelOptions {
            cache_kib: READ_MODEL_CACHE_KIB,
            readers: READERS,
            ..SqliteReadModelOptions::new(self.dir.read_model())
        };
        let opened = SqliteReadModel::open_with(options).await;
        Ok(Arc::new(
            opened
                .context("read-model.db; should it be damaged, delete it: everything in it comes back from the log")?,
        ))
    }
}

impl Deployment for Embedded {
    fn log(&self) -> Arc<dyn EventLog> {
        Arc::clone(&self.log)
    }

    fn partitions(&self) -> u16 {
        PARTITIONS
    }

    fn keyring(&self, settings: &Settings) -> Result<Keyring, Failure> {
        let keyring = Keyring::new(&self.master_key(settings)?);
        master_id::check(&self.dir, &keyring)?;
        Ok(keyring)
    }

    fn keys(&self) -> BoxFuture<'_, Result<Arc<dyn KeyStore>, Failure>> {
        Box::pin(async {
            let store = SqliteKeyStore::open(self.dir.keys()).await.context("keys.db")?;
            Ok(Arc::new(store) as Arc<dyn KeyStore>)
        })
    }

    fn snapshots(&self) -> BoxFuture<'_, Option<Arc<dyn SnapshotStore>>> {
        Box::pin(async {
            match SqliteSnapshots::open(self.dir.snapshots()).await {
                Ok(store) => Some(Arc::new(store) as Arc<dyn SnapshotStore>),
                Err(error) => {
                    tracing::warn!(%error, "snapshots.db cannot be used: users are folded from the log instead");
                    None
                }
            }
        })
    }

    fn usage(&self) -> BoxFuture<'_, Result<Arc<dyn UsageStore>, Failure>> {
        Box::pin(async {
            let store = SqliteUsage::open(self.dir.usage()).await.context("usage.db")?;
            Ok(Arc::new(store) as Arc<dyn UsageStore>)
        })
    }

    fn read_model(&self) -> BoxFuture<'_, Result<ReadModel, Failure>> {
        Box::pin(self.open_read_model())
    }

    fn queue<'a>(
        &'a self,
        _channels: &'a BTreeSet<Channel>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn WorkQueue>>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn folder(&self) -> Option<&DataDir> {
        Some(&self.dir)
    }

    fn outbox(&self) -> PathBuf {
        self.dir.outbox()
    }

    fn vitals(&self) -> BoxFuture<'_, Vitals> {
        Box::pin(async { Vitals::default() })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
