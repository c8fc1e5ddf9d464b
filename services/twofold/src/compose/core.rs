//! The use cases on the ports of a deployment.

use std::sync::Arc;

use twofold_crypto::{KeyStore, KeyVault, OsRandom, Random};
use twofold_engine::{DeliveryGuard, Engine, EngineParts, GuardParts, Outbound, SystemClock, UsageGuard, follow};
use twofold_event_log::EventLog;
use twofold_read_model::ReadModel;

use super::deployment::{self, Access, Deployment, Patience};
use super::measured_log::{Appends, MeasuredLog};
use super::outbound::Sending;
use super::roles::Roles;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// Everything a command or a server works on.
#[derive(Debug)]
pub struct Core {
    /// What is behind the ports.
    pub deployment: Arc<dyn Deployment>,
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Its numbers.
    pub appends: Appends,
    /// The wrapped keys.
    pub keys: Arc<dyn KeyStore>,
    /// The use cases.
    pub engine: Arc<Engine>,
    /// What holds messages back.
    pub guard: Arc<UsageGuard>,
    /// Randomness.
    pub rng: Arc<dyn Random>,
    /// The sending side.
    pub sending: Sending,
}

impl Core {
    /// For a command: at once or not at all.
    pub async fn of_command(settings: &Settings, access: Access) -> Result<Self, Failure> {
        Self::on(settings, deployment::open(settings, Roles::COMMAND, access, Patience::None).await?).await
    }

    /// Opens key store and snapshots and reads the configuration of all tenants.
    pub async fn on(settings: &Settings, deployment: Arc<dyn Deployment>) -> Result<Self, Failure> {
        let rng: Arc<dyn Random> = Arc::new(OsRandom);
        let keyring = Arc::new(deployment.keyring(settings)?);
        let appends = Appends::default();
        let spans = settings.telemetry.otlp_endpoint.is_some();
        let log: Arc<dyn EventLog> = Arc::new(MeasuredLog::new(deployment.log(), appends.clone(), spans));
        let keys = deployment.keys().await?;
        let cached_users = settings.engine.cached_users;
        let vault = KeyVault::new(Arc::clone(&keyring), Arc::clone(&keys), Arc::clone(&rng), cached_users);
        let sending = Sending::new(settings, deployment.outbox())?;
        let outbound: Arc<dyn Outbound> = Arc::new(sending.outbound()?);
        let guard = Arc::new(UsageGuard::new(GuardParts {
            log: Arc::clone(&log),
            usage: deployment.usage().await?,
            keyring: Arc::clone(&keyring),
            operator: settings.operator_limits(),
        }));
        let engine = Engine::new(EngineParts {
            log: Arc::clone(&log),
            snapshots: deployment.snapshots().await,
            keyring,
            vault: Arc::new(vault),
            rng: Arc::clone(&rng),
            clock: Arc::new(SystemClock),
            outbound,
            cached_users,
            partitions: deployment.partitions(),
        });
        let engine = Arc::new(engine.guarded_by(Arc::clone(&guard) as Arc<dyn DeliveryGuard>));
        // Reads everything once; whoever needs it live keeps the future.
        drop(
            follow(&engine).await.context(
                "the tenants cannot be read from the log; check the master key, then run `twofold verify-log`",
            )?,
        );
        Ok(Self { deployment, log, appends, keys, engine, guard, rng, sending })
    }

    /// Opens the read model.
    pub async fn read_model(&self) -> Result<ReadModel, Failure> {
        self.deployment.read_model().await
    }

    /// Opens the read model and brings it up to the head of the log, whether or not a server runs.
    pub async fn current_read_model(&self) -> Result<ReadModel, Failure> {
        let store = self.read_model().await?;
        let head = self.log.head().await.context("the log cannot be read")?;
        super::catch_up(&*self.log, &*store, head).await?;
        Ok(store)
    }

    /// Leaves everything tidy.
    pub async fn close(&self) {
        self.log.close().await;
        self.deployment.close().await;
    }
}
