//! Whoever is measured, started and ready.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep};
use twofold_test_support::{PortLease, PostgresServer, Process};

use super::Options;
use super::bare;
use super::peer::{Description, PeerScenario, Script};
use crate::load::Scenario;
use crate::scenarios::{Users, Verify};
use crate::stage::{Stage, program};

/// Connections that put the product under full load: commits of many requests share one fsync.
const CLIENTS: usize = 256;
/// Users of the bare route, none of whom ever spends anything.
const BARE_USERS: usize = 10_000;
/// Longest wait for the bare route.
const READY: Duration = Duration::from_secs(20);

/// Whom to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A route that only reads and answers JSON.
    Bare,
    /// `twofold serve` with SQLite.
    Embedded,
    /// `twofold api` and `twofold project` with NATS and PostgreSQL.
    Production,
    /// The TOTP engine of `OpenBao`.
    Openbao,
    /// The two-factor plugin of better-auth.
    BetterAuth,
    /// privacyIDEA.
    Privacyidea,
}

impl Kind {
    /// All, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Bare, Self::Embedded, Self::Production, Self::Openbao, Self::BetterAuth, Self::Privacyidea];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Embedded => "embedded",
            Self::Production => "production",
            Self::Openbao => "openbao",
            Self::BetterAuth => "better-auth",
            Self::Privacyidea => "privacyidea",
        }
    }

    /// Its script, whether that needs a database, and its users in a quick bench.
    fn script(self) -> Option<(&'static str, bool, u32)> {
        match self {
            Self::Bare | Self::Embedded | Self::Production => None,
            Self::Openbao => Some(("openbao.py", false, 3_000)),
            Self::BetterAuth => Some(("better_auth.py", true, 400)),
            Self::Privacyidea => Some(("privacyidea.py", true, 60)),
        }
    }
}

/// What is told of it beside its figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How it is set up, a sentence each.
    pub setup: Vec<String>,
    /// Connections.
    pub clients: usize,
    /// Users with a secret of their own.
    pub users: usize,
}

/// Started and ready. Dropped, its servers end.
pub(super) struct Contender {
    pub(super) kind: Kind,
    pub(super) about: About,
    pub(super) scenario: Box<dyn Scenario>,
    /// The product's, each of whom spends a step of half a minute once: the next run finds enough of them only after that,
    /// which other contenders' runs may not have taken.
    pub(super) users: Option<Arc<Users>>,
    /// Without children.
    pub(super) pids: Vec<u32>,
    keep: Keep,
}

/// What runs.
enum Keep {
    Bare(Process, PortLease),
    Product(Box<Stage>),
    Peer(Box<Script>, Option<PostgresServer>),
}

impl Contender {
    /// Starts it and makes its users.
    ///
    /// # Errors
    /// Something cannot be installed or does not start.
    pub(super) async fn start(kind: Kind, options: &Options) -> Result<Self> {
        match (kind, kind.script()) {
            (_, Some((script, database, quick_users))) => peer(kind, script, database, quick_users, options).await,
            (Kind::Bare, None) => bare_route(options).await,
            (_, None) => product(kind, options).await,
        }
    }

    /// Ends its servers.
    ///
    /// # Errors
    /// They do not end.
    pub(super) async fn stop(self) -> Result<()> {
        match self.keep {
            Keep::Peer(script, database) => {
                script.stop().await?;
                tokio::task::block_in_place(|| drop(database));
            }
            Keep::Bare(process, port) => tokio::task::block_in_place(|| drop((process, port))),
            Keep::Product(stage) => tokio::task::block_in_place(|| drop(stage)),
        }
        Ok(())
    }
}

async fn bare_route(options: &Options) -> Result<Contender> {
    let lease = PortLease::take()?;
    let address = format!("127.0.0.1:{}", lease.port());
    let mut command = Command::new(options.own_program()?);
    command.args(["bare", "--listen", &address]).stdout(Stdio::null());
    let process = Process::spawn(&mut command, "TERM", None)?;
    let start = Instant::now();
    while let Err(error) = TcpStream::connect(&address).await {
        anyhow::ensure!(start.elapsed() < READY, "the bare route does not answer: {error}");
        sleep(Duration::from_millis(20)).await;
    }
    let described = bare::described(&address, process.pid(), BARE_USERS, options.seed)?;
    let scenario = Box::new(PeerScenario::new(&described, false, options.seed)?);
    let about = about(&described);
    Ok(Contender {
        kind: Kind::Bare,
        about,
        scenario,
        users: None,
        pids: described.pids,
        keep: Keep::Bare(process, lease),
    })
}

async fn product(kind: Kind, options: &Options) -> Result<Contender> {
    let stage = Stage::start(program(options.bin.as_ref())?, kind == Kind::Production).await?;
    let users = Users::new(stage.users("load", options.users()).await?)?;
    let scenario = Box::new(Verify::new(Arc::clone(&stage.targets), Arc::clone(&users), options.seed));
    let about = About {
        name: format!("twofold, {}", kind.name()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        setup: stage.setup.clone(),
        clients: CLIENTS,
        users: usize::try_from(options.users())?,
    };
    let (users, pids) = (Some(users), stage.place.pids());
    Ok(Contender { kind, about, scenario, users, pids, keep: Keep::Product(Box::new(stage)) })
}

async fn peer(kind: Kind, script: &str, database: bool, quick_users: u32, options: &Options) -> Result<Contender> {
    let home = options.home();
    fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
    let mut arguments = vec!["--home".to_owned(), home.display().to_string()];
    if options.quick {
        arguments.extend(["--users".to_owned(), quick_users.to_string()]);
    }
    let mut server = None;
    if database {
        let (started, url) = tokio::task::block_in_place(|| {
            let server = PostgresServer::start_durable()?;
            let url = server.create_database()?;
            anyhow::Ok((server, url))
        })?;
        server = Some(started);
        arguments.extend(["--database".to_owned(), url]);
    }
    let log: PathBuf = home.join(format!("{}.log", kind.name()));
    let (script, described) = Script::start(&Options::scripts().join(script), &arguments, log).await?;
    let scenario = Box::new(PeerScenario::new(&described, true, options.seed)?);
    let mut about = about(&described);
    let mut pids = described.pids;
    if let Some(server) = &server {
        pids.push(server.pid());
        let version =
            tokio::task::block_in_place(|| PostgresServer::query(&server.admin_url(), "SHOW server_version"))?;
        about.setup.push(format!("PostgreSQL {version}, its settings as they come"));
    }
    Ok(Contender { kind, about, scenario, users: None, pids, keep: Keep::Peer(Box::new(script), server) })
}

fn about(described: &Description) -> About {
    About {
        name: described.name.clone(),
        version: described.version.clone(),
        setup: described.setup.clone(),
        clients: described.clients,
        users: described.users.len(),
    }
}
