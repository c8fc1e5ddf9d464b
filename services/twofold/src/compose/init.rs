//! Making what processes on several machines share: stream, buckets, consumers, tables, the first operator key.

use std::sync::Arc;

use twofold_crypto::Keyring;
use twofold_engine::{CreatedKey, RequestContext};
use twofold_event_log::Seq;
use twofold_jetstream::{Difference, InitOptions};
use twofold_read_model::{PostgresReadModel, postgres_grants};

use super::core::Core;
use super::deployment::{self, Access, Patience, fingerprint, master_key};
use super::roles::Roles;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// What to make.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Copies of log and keys.
    pub replicas: usize,
    /// Partitions of the users.
    pub partitions: u16,
    /// Most bytes of the log.
    pub max_bytes: Option<i64>,
    /// Database roles that are to have rights: of `api` and of `project`.
    pub grant: Option<(String, String)>,
}

/// What was made and what was there.
#[derive(Debug)]
pub struct Made {
    /// Parts of the broker that were missing.
    pub created: Vec<String>,
    /// Parts of the broker that were set otherwise.
    pub changed: Vec<Difference>,
    /// Parts of the broker that were as they should be.
    pub kept: Vec<String>,
    /// How the log names the master key.
    pub master: String,
    /// Whether there is a database in the settings.
    pub tables: bool,
    /// The first operator key, when the log was empty.
    pub operator: Option<CreatedKey>,
}

/// Makes what is missing; doing it again changes nothing.
pub async fn init(settings: &Settings, wanted: &Wanted) -> Result<Made, Failure> {
    let master = fingerprint(&Keyring::new(&master_key(settings)?));
    let broker = deployment::connect(settings, Roles::COMMAND, Patience::None).await?;
    let options = InitOptions {
        replicas: wanted.replicas,
        partitions: wanted.partitions,
        max_bytes: wanted.max_bytes,
        master_fingerprint: master.clone(),
    };
    let report = twofold_jetstream::init(&broker, &options).await.context("the broker")?;
    broker.close().await;
    let tables = settings.postgres.url.is_some();
    if tables {
        migrate(settings, wanted.grant.as_ref()).await?;
    }
    // From here on like every other command: an unsafe broker is refused before there is anything to lose.
    let core =
        Core::on(settings, deployment::open(settings, Roles::COMMAND, Access::Make, Patience::None).await?).await?;
    let operator = first_operator(&core).await?;
    core.close().await;
    let twofold_jetstream::InitReport { created, changed, kept } = report;
    Ok(Made { created, changed, kept, master, tables, operator })
}

async fn migrate(settings: &Settings, grant: Option<&(String, String)>) -> Result<(), Failure> {
    let options = deployment::database_options(&settings.postgres, Roles::COMMAND)?;
    PostgresReadModel::migrate(&options).await.context("the tables cannot be made")?;
    if let Some((api, project)) = grant {
        PostgresReadModel::grant(&options, api, project).await.context("the rights cannot be given")?;
    }
    Ok(())
}

/// The statements that give two database roles their rights, for whoever runs them by hand.
pub fn grants(settings: &Settings, api: &str, project: &str) -> Result<Vec<String>, Failure> {
    Ok(postgres_grants(&deployment::database_options(&settings.postgres, Roles::COMMAND)?, api, project))
}

async fn first_operator(core: &Core) -> Result<Option<CreatedKey>, Failure> {
    if core.log.head().await.context("the log cannot be read")? != Seq::ZERO {
        return Ok(None);
    }
    let made = Arc::clone(&core.engine);
    let made = made.create_operator_key("first operator key", &RequestContext::system()).await;
    made.map(Some).context("the operator key cannot be made; run `twofold key create --operator`")
}
