//! The production shape on this machine: broker, database, mail server, and the processes of each role.

mod broker;
mod role;
mod start;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use twofold_test_support::{FaultProxy, PostgresServer, SmtpSink};

pub use self::broker::Broker;
pub use self::role::Role;

/// Everything that runs. Dropped, nothing is left of it.
#[derive(Debug)]
pub struct House {
    program: PathBuf,
    environment: Vec<(String, String)>,
    /// NATS.
    pub broker: Broker,
    /// PostgreSQL.
    pub database: PostgresServer,
    /// The mail server.
    pub mail: Arc<SmtpSink>,
    /// `twofold api`, each behind proxies of its own.
    pub api: Vec<Role>,
    /// The ways of each `api` to each node of the broker.
    pub ways: Vec<Vec<FaultProxy>>,
    /// `twofold deliver`.
    pub deliver: Vec<Role>,
    /// `twofold project`.
    pub project: Vec<Role>,
    /// A key of the tenant, with all scopes, for real users.
    pub key: String,
    /// Where logs of processes are written, and what they have as their working folder. Last, for it goes last.
    folder: TempDir,
}

/// How long a process may take to be ready.
pub const READY: Duration = Duration::from_mins(1);

impl House {
    /// Where the `api` processes listen.
    pub fn doors(&self) -> Vec<SocketAddr> {
        self.api.iter().map(Role::address).collect()
    }

    /// Every process of the product.
    pub fn roles(&mut self) -> impl Iterator<Item = &mut Role> {
        self.api.iter_mut().chain(&mut self.deliver).chain(&mut self.project)
    }

    /// Runs a command of the product to its end; answers what it printed.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = command(&self.program, self.folder.path(), &self.environment).args(arguments).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "twofold {arguments:?}: {}\n{text}{errors}", output.status);
        Ok(text)
    }

    /// Waits until every process is ready.
    pub async fn all_ready(&mut self) -> Result<()> {
        for role in self.roles() {
            role.wait_until_ready().await?;
        }
        Ok(())
    }
}

/// The program with these settings and no other.
pub(crate) fn command(program: &Path, folder: &Path, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(std::process::Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TWOFOLD__") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// The word of a text that starts like this.
pub(crate) fn word(text: &str, prefix: &str) -> Result<String> {
    let found = text.split_whitespace().find(|word| word.starts_with(prefix));
    Ok(found.with_context(|| format!("no {prefix} in {text}"))?.to_owned())
}
