//! The program under test: all in one process, or the production shape with any number of workers.

mod command;
mod metrics;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use twofold_test_support::PostgresServer;

use super::door::Door;
use crate::faults::house::{Broker, Role, command};

/// The same for every run: it protects nothing.
const MASTER_KEY: &str = "1b2d4f608172a3b4c5d6e7f8091a2b3c4d5e6f70819f2a3b4c5d6e7f80912a3b";

/// Everything that runs. Dropped, nothing is left of it.
#[derive(Debug)]
pub(crate) struct Place {
    /// Who answers panels: of one process that does everything, that one.
    pub(crate) api: Vec<Role>,
    /// `twofold deliver`; none when one process does everything.
    pub(crate) workers: Vec<Role>,
    /// The operator's key.
    pub(crate) operator: String,
    project: Vec<Role>,
    servers: Option<(Broker, PostgresServer)>,
    program: PathBuf,
    environment: Vec<(String, String)>,
    /// Last, for it goes last.
    folder: TempDir,
}

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The program.
    pub(crate) program: PathBuf,
    /// Workers with NATS and PostgreSQL; none: one process with its data in a folder.
    pub(crate) workers: Option<usize>,
    /// `--concurrency` of the workers.
    pub(crate) concurrency: Option<u16>,
    /// Logs errors only, instead of what it logs unless told otherwise.
    pub(crate) quiet: bool,
    /// Providers are told where to report what became of a message.
    pub(crate) callbacks: bool,
}

impl Place {
    /// Starts it, workers included, and waits until it is ready.
    pub(crate) async fn start(plan: &Plan) -> Result<Self> {
        let program = &plan.program;
        ensure!(program.is_file(), "there is no program {}: build it, or name it with --bin", program.display());
        let program = program.canonicalize()?;
        let folder = tempfile::Builder::new().prefix("twofold-deliver-").tempdir()?;
        let mut place = match plan.workers {
            None => Self::embedded(&program, folder, plan)?,
            Some(workers) => Self::production(&program, folder, workers, plan)?,
        };
        // Where Twilio, or who stands in for it, reports what became of a message.
        let door = place.api.first().context("a way in")?.address();
        for role in place.api.iter_mut().chain(&mut place.project).chain(&mut place.workers) {
            if plan.callbacks {
                role.set("DELIVERY__PUBLIC_URL", &format!("http://{door}"));
            }
            role.start()?;
        }
        for role in place.api.iter_mut().chain(&mut place.project).chain(&mut place.workers) {
            role.wait_until_ready().await?;
        }
        if place.operator.is_empty() {
            place.operator = operator_key(&fs::read_to_string(place.folder.path().join("serve.log"))?)?;
        }
        Ok(place)
    }

    fn embedded(program: &Path, folder: TempDir, plan: &Plan) -> Result<Self> {
        let mut environment = usual(plan.quiet);
        if let Some(concurrency) = plan.concurrency {
            environment.push(("TWOFOLD__DELIVERY__CONCURRENCY".to_owned(), concurrency.to_string()));
        }
        let mut serve = command(program, folder.path(), &environment);
        serve.args(["serve", "--data-dir", "data"]);
        let role = Role::new("serve".to_owned(), serve, folder.path().join("serve.log"))?;
        Ok(Self {
            api: vec![role],
            workers: Vec::new(),
            operator: String::new(),
            project: Vec::new(),
            servers: None,
            program: program.to_owned(),
            environment,
            folder,
        })
    }

    fn production(program: &Path, folder: TempDir, workers: usize, plan: &Plan) -> Result<Self> {
        let (broker, database, environment) = tokio::task::block_in_place(|| start_servers(plan.quiet))?;
        let of = |name: &str| -> Command {
            let mut command = command(program, folder.path(), &environment);
            command.arg(name);
            command
        };
        let init = tokio::task::block_in_place(|| of("init").args(["--replicas", "1"]).output())?;
        let text = String::from_utf8_lossy(&init.stdout).into_owned();
        ensure!(
            init.status.success(),
            "twofold init: {}\n{text}{}",
            init.status,
            String::from_utf8_lossy(&init.stderr)
        );
        let role = |name: String, command: Command| Role::new(name.clone(), command, log(folder.path(), &name));
        let workers = (1..=workers).map(|n| {
            let mut command = of("deliver");
            if let Some(concurrency) = plan.concurrency {
                command.args(["--concurrency", &concurrency.to_string()]);
            }
            role(format!("deliver-{n}"), command)
        });
        Ok(Self {
            workers: workers.collect::<Result<_>>()?,
            api: vec![role("api".to_owned(), of("api"))?],
            operator: operator_key(&text)?,
            project: vec![role("project".to_owned(), of("project"))?],
            servers: Some((broker, database)),
            program: program.to_owned(),
            environment,
            folder,
        })
    }

    /// The ways in.
    pub(crate) fn door(&self) -> Door {
        Door::new(self.api.iter().map(|role| role.address().to_string()).collect())
    }

    /// Every process, broker and database included.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let roles = self.api.iter().chain(&self.project).chain(&self.workers).filter_map(Role::pid);
        let servers = self.servers.iter().flat_map(|(broker, database)| [broker.pid(), database.pid()]);
        roles.chain(servers).collect()
    }

    /// What the broker and the database call themselves; nothing when one process does everything. Blocks.
    pub(crate) fn server_versions(&self) -> Vec<String> {
        let Some((broker, database)) = &self.servers else { return Vec::new() };
        let version = PostgresServer::query(&database.admin_url(), "SHOW server_version");
        let database = version.ok().map(|version| format!("PostgreSQL {version}"));
        broker.version().map(|version| format!("nats-server {version}")).into_iter().chain(database).collect()
    }

    /// Whoever sends: those that are killed.
    pub(crate) fn senders(&mut self) -> &mut Vec<Role> {
        if self.workers.is_empty() { &mut self.api } else { &mut self.workers }
    }

    /// What each of the first workers has handed over since it was started, by its own count.
    pub(crate) async fn handed_over(&self, workers: usize) -> Result<Vec<u64>> {
        let mut counts = Vec::new();
        for worker in self.workers.iter().take(workers) {
            let text = metrics::of(worker).await?;
            counts.push(metrics::whole(metrics::sum(&text, "delivery_accepted_total").unwrap_or(0.0)));
        }
        Ok(counts)
    }
}

fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

fn usual(quiet: bool) -> Vec<(String, String)> {
    let level = quiet.then_some(("LOG__LEVEL", "error"));
    let settings = level.into_iter().chain([("DELIVERY__ALLOW_PRIVATE_NETWORKS", "true")]);
    settings.map(|(name, value)| (format!("TWOFOLD__{name}"), value.to_owned())).collect()
}

/// Broker, database, and the settings that lead to them.
type Servers = (Broker, PostgresServer, Vec<(String, String)>);

fn start_servers(quiet: bool) -> Result<Servers> {
    let broker = Broker::start(1)?;
    let database = PostgresServer::start_durable()?;
    let settings = [
        ("NATS__SERVERS", broker.urls().join(",")),
        ("NATS__MONITORS", broker.monitors().join(",")),
        ("POSTGRES__URL", database.create_database()?),
        ("MASTER_KEY", MASTER_KEY.to_owned()),
    ];
    let settings = settings.map(|(name, value)| (format!("TWOFOLD__{name}"), value));
    Ok((broker, database, settings.into_iter().chain(usual(quiet)).collect()))
}

/// The key on the line that begins with `operator`.
fn operator_key(text: &str) -> Result<String> {
    let line = text.lines().map(str::trim).find(|line| line.starts_with("operator"));
    let key = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(key.with_context(|| format!("no operator key in {text}"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_key_is_found_in_what_the_first_start_says() {
        let text = "Welcome\n\n  data       /x\n  live key   tf_live_a\n  operator   tf_live_b\n";
        assert_eq!(operator_key(text).expect("found"), "tf_live_b");
        assert!(operator_key("nothing").is_err());
    }
}
