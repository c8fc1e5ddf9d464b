//! The place as a whole: who runs in it, how it is stopped and started again, and commands on its data.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Place, Role};
use crate::faults::house::command;

impl Place {
    /// Every process of the product.
    fn roles(&self) -> impl Iterator<Item = &Role> {
        self.api.iter().chain(&self.project).chain(&self.workers)
    }

    /// The same, to stop or to start.
    fn roles_mut(&mut self) -> impl Iterator<Item = &mut Role> {
        self.api.iter_mut().chain(&mut self.project).chain(&mut self.workers)
    }

    /// The product's own processes.
    pub(crate) fn own_pids(&self) -> Vec<u32> {
        self.roles().filter_map(Role::pid).collect()
    }

    /// Every process with its name, broker and database included.
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        let own = self.roles().filter_map(|role| Some((role.name().to_owned(), role.pid()?)));
        let servers = self.servers.iter().flat_map(|(broker, database)| {
            [("nats-server".to_owned(), broker.pid()), ("postgres".to_owned(), database.pid())]
        });
        own.chain(servers).collect()
    }

    /// How everything is set up, a sentence each. Blocks.
    pub(crate) fn setup(&self) -> Vec<String> {
        let mut setup = vec!["fsync before every answer; audit, budgets and logging as they come".to_owned()];
        if self.servers.is_none() {
            setup.push("one process with everything in it; SQLite, synchronous=FULL".to_owned());
            return setup;
        }
        setup.push("one api, one project; NATS with one copy and sync_interval: always; one PostgreSQL, its settings as they come".to_owned());
        setup.extend(self.server_versions());
        setup
    }

    /// Ends the product's processes as an operator does, and waits until they have gone; broker and database go on.
    ///
    /// # Errors
    /// One of them does not end, or with an error.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        for role in self.roles_mut() {
            role.stop().await?;
        }
        Ok(())
    }

    /// Kills the product's processes with `SIGKILL`; broker and database go on.
    pub(crate) fn kill(&mut self) {
        self.roles_mut().for_each(Role::kill);
    }

    /// Starts them again and waits until they are ready.
    ///
    /// # Errors
    /// One of them is not ready in a minute.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        for role in self.roles_mut() {
            role.start()?;
        }
        for role in self.roles_mut() {
            role.wait_until_ready().await?;
        }
        Ok(())
    }

    /// Runs a command of the product on these data to its end; answers what it printed.
    ///
    /// # Errors
    /// It failed, or is not done in time; then it is killed.
    pub(crate) async fn run(&self, arguments: &[&str], longest: Duration) -> Result<String> {
        let mut command = command(&self.program, self.folder.path(), &self.environment);
        command.args(arguments);
        if self.servers.is_none() {
            command.args(["--data-dir", "data"]);
        }
        let mut command = tokio::process::Command::from(command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let output = tokio::time::timeout(longest, command.output());
        let output = output.await.with_context(|| format!("twofold {arguments:?} is not done in {longest:?}"))??;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "twofold {arguments:?}: {}\n{text}{errors}", output.status);
        Ok(text)
    }
}
