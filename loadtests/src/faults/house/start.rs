//! Building the house.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use twofold_test_support::{FaultProxy, PostgresServer, SinkOptions, SmtpSink};

use super::{Broker, House, Role, command, word};

/// Processes of each role: more than one, so that one may die.
const API: usize = 3;
const DELIVER: usize = 2;
const PROJECT: usize = 2;

/// The tenant all users belong to, and what it allows.
const TENANT: &str = "faults";
const SETTINGS: &str = "[methods]\nallowed = [\"totp\", \"email\"]\n";

/// The same for every run: it protects nothing.
const MASTER_KEY: &str = "7f3a1c5e9b2d4f608172a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8";

impl House {
    /// Starts everything with a program and a number of brokers, and waits until it is ready.
    pub async fn start(program: &Path, replicas: u8) -> Result<Self> {
        ensure!(program.is_file(), "there is no program {}: build it, or name it with --bin", program.display());
        let program = program.canonicalize()?;
        let folder = tempfile::Builder::new().prefix("twofold-faults-").tempdir()?;
        let (broker, database, mail) = tokio::task::block_in_place(|| servers(replicas))?;
        let environment = environment(&broker, &database, &mail)?;
        let mut house = Self {
            program,
            environment,
            broker,
            database,
            mail: Arc::new(mail),
            api: Vec::new(),
            ways: Vec::new(),
            deliver: Vec::new(),
            project: Vec::new(),
            key: String::new(),
            folder,
        };
        house.open().await?;
        Ok(house)
    }

    /// What was made of an empty broker and an empty database, and the processes.
    async fn open(&mut self) -> Result<()> {
        let settings = self.folder.path().join("tenant.toml");
        std::fs::write(&settings, SETTINGS)?;
        let settings = settings.to_str().context("a path")?.to_owned();
        self.key = tokio::task::block_in_place(|| {
            self.run(&["init", "--replicas", &self.broker.replicas().to_string()])?;
            word(&self.run(&["tenant", "create", TENANT, "--settings", &settings])?, "tf_live_")
        })?;
        for n in 1..=API {
            let mut ways = Vec::new();
            for address in self.broker.addresses()? {
                ways.push(FaultProxy::start(address).await?);
            }
            let servers = ways.iter().map(|way| way.url("nats")).collect::<Vec<_>>().join(",");
            let mut command = self.role("api");
            command.env("TWOFOLD__NATS__SERVERS", servers);
            self.api.push(Role::new(format!("api {n}"), command, self.log(&format!("api-{n}")))?);
            self.ways.push(ways);
        }
        for n in 1..=DELIVER {
            self.deliver.push(Role::new(
                format!("deliver {n}"),
                self.role("deliver"),
                self.log(&format!("deliver-{n}")),
            )?);
        }
        for n in 1..=PROJECT {
            self.project.push(Role::new(
                format!("project {n}"),
                self.role("project"),
                self.log(&format!("project-{n}")),
            )?);
        }
        self.roles().try_for_each(Role::start)?;
        self.all_ready().await
    }

    fn role(&self, name: &str) -> Command {
        let mut command = command(&self.program, self.folder.path(), &self.environment);
        command.arg(name);
        command
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }
}

fn servers(replicas: u8) -> Result<(Broker, PostgresServer, SmtpSink)> {
    let broker = Broker::start(replicas)?;
    let database = PostgresServer::start_durable()?;
    let mail = SmtpSink::start(&SinkOptions::default())?;
    Ok((broker, database, mail))
}

fn environment(broker: &Broker, database: &PostgresServer, mail: &SmtpSink) -> Result<Vec<(String, String)>> {
    let database = tokio::task::block_in_place(|| database.create_database())?;
    let settings = [
        ("NATS__SERVERS", broker.urls().join(",")),
        ("NATS__MONITORS", broker.monitors().join(",")),
        ("POSTGRES__URL", database),
        ("MASTER_KEY", MASTER_KEY.to_owned()),
        ("LOG__LEVEL", "warn".to_owned()),
        ("DELIVERY__ALLOW_PRIVATE_NETWORKS", "true".to_owned()),
        ("DELIVERY__EMAIL__TRANSPORT", "smtp".to_owned()),
        ("DELIVERY__EMAIL__HOST", "127.0.0.1".to_owned()),
        ("DELIVERY__EMAIL__PORT", mail.port().to_string()),
        ("DELIVERY__EMAIL__TLS", "none".to_owned()),
        ("DELIVERY__EMAIL__FROM", "codes@panel.example".to_owned()),
    ];
    Ok(settings.map(|(name, value)| (format!("TWOFOLD__{name}"), value)).into())
}
