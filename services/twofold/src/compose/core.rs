//! The ports of the embedded deployment, opened and handed to the engine. The one place that names adapters.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use twofold_crypto::{KeyVault, Keyring, MasterKey, OsRandom, Random, SqliteKeyStore};
use twofold_engine::{Engine, EngineParts, Outbound, SystemClock, follow};
use twofold_event_log::{EventLog, SqliteLog, SqliteLogOptions};
use twofold_read_model::{ReadModel, SqliteReadModel, SqliteReadModelOptions};

use super::data_dir::DataDir;
use super::master_id;
use super::outbound::Sending;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// Page caches, in KiB. One process on a small machine: the kernel's cache holds the rest.
const LOG_CACHE_KIB: u32 = 8 * 1024;
const READ_MODEL_CACHE_KIB: u32 = 12 * 1024;
/// Reading connections of each file.
const READERS: u32 = 3;

/// Partitions of the user subjects. Fixed for the life of a log: it is part of every subject.
pub const PARTITIONS: u16 = 16;

/// Everything a command or a server works on.
#[derive(Debug)]
pub struct Core {
    /// The folder.
    pub dir: DataDir,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The use cases.
    pub engine: Arc<Engine>,
    /// Randomness.
    pub rng: Arc<dyn Random>,
    /// The sending side.
    pub sending: Sending,
}

impl Core {
    /// Opens log and key store and reads the configuration of all tenants.
    pub async fn open(settings: &Settings, dir: DataDir) -> Result<Self, Failure> {
        let rng: Arc<dyn Random> = Arc::new(OsRandom);
        let keyring = Arc::new(keyring(settings, &dir)?);
        let options =
            SqliteLogOptions { cache_kib: LOG_CACHE_KIB, readers: READERS, ..SqliteLogOptions::new(dir.log()) };
        let log = SqliteLog::open(options).await.context("log.db")?;
        let log: Arc<dyn EventLog> = Arc::new(log);
        let keys = Arc::new(SqliteKeyStore::open(dir.keys()).await.context("keys.db")?);
        let cached_users = settings.engine.cached_users;
        let vault = Arc::new(KeyVault::new(Arc::clone(&keyring), keys, Arc::clone(&rng), cached_users));
        let sending = Sending::new(settings, &dir)?;
        let outbound: Arc<dyn Outbound> = Arc::new(sending.outbound()?);
        let engine = Arc::new(Engine::new(EngineParts {
            log: Arc::clone(&log),
            keyring,
            vault,
            rng: Arc::clone(&rng),
            clock: Arc::new(SystemClock),
            outbound,
            cached_users,
            partitions: PARTITIONS,
        }));
        // Reads everything once; whoever needs it live keeps the future.
        drop(
            follow(&engine).await.context(
                "the tenants cannot be read from the log; check the master key, then run `twofold verify-log`",
            )?,
        );
        Ok(Self { dir, log, engine, rng, sending })
    }

    /// Opens the read model.
    pub async fn read_model(&self) -> Result<ReadModel, Failure> {
        open_read_model(&self.dir).await
    }

    /// Opens the read model and brings it up to the head of the log, whether or not a server runs.
    pub async fn current_read_model(&self) -> Result<ReadModel, Failure> {
        let store = self.read_model().await?;
        let head = self.log.head().await.context("the log cannot be read")?;
        super::catch_up(&*self.log, &*store, head).await?;
        Ok(store)
    }

    /// Leaves the files tidy.
    pub async fn close(&self) {
        self.log.close().await;
    }
}

/// Opens the read model of a folder.
pub async fn open_read_model(dir: &DataDir) -> Result<ReadModel, Failure> {
    let options = SqliteReadModelOptions {
        cache_kib: READ_MODEL_CACHE_KIB,
        readers: READERS,
        ..SqliteReadModelOptions::new(dir.read_model())
    };
    let opened = SqliteReadModel::open_with(options).await;
    Ok(Arc::new(
        opened.context("read-model.db; should it be damaged, delete it: everything in it comes back from the log")?,
    ))
}

/// The keys of a folder. A folder that was begun with another master key is refused.
pub fn keyring(settings: &Settings, dir: &DataDir) -> Result<Keyring, Failure> {
    let keyring = Keyring::new(&master_key(settings, dir, &OsRandom)?);
    master_id::check(dir, &keyring)?;
    Ok(keyring)
}

fn master_key(settings: &Settings, dir: &DataDir, rng: &dyn Random) -> Result<MasterKey, Failure> {
    if let Some(text) = &settings.master_key {
        return MasterKey::from_text(text.expose_secret())
            .map_err(|error| Failure::Usage(format!("TWOFOLD__MASTER_KEY: {error}")));
    }
    let path = dir.master_key();
    if !path.exists() && master_id::is_begun(dir) {
        let text = format!("the master key is missing: put {} back, or set TWOFOLD__MASTER_KEY", path.display());
        return Err(Failure::new(text));
    }
    MasterKey::load_or_create(path, rng).map_err(|error| Failure::Failed(error.to_string()))
}
