//! Real PostgreSQL servers in processes of their own, away from the machine's: own ports, own directories, no sockets
//! in the file system.

mod programs;
mod template;

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use self::programs::Programs;
use self::template::Size;
use crate::port::PortLease;
use crate::process::{self, Process};
use crate::wait;

/// How long the remains of a killed server may hold its directory.
const REMAINS: Duration = Duration::from_secs(20);

/// A running server; ended when dropped, and when the test dies.
#[derive(Debug)]
pub struct PostgresServer {
    process: Option<Process>,
    programs: Programs,
    data: PathBuf,
    home: TempDir,
    lease: PortLease,
    durable: bool,
    databases: AtomicU32,
}

impl PostgresServer {
    /// Starts one on a free port of 127.0.0.1 and waits until it answers. It never flushes to disk: what it has committed
    /// outlives [`PostgresServer::kill`], but not a power failure.
    ///
    /// # Errors
    /// No PostgreSQL installed, or one that does not start within a minute.
    pub fn start() -> Result<Self> {
        Self::start_as(false)
    }

    /// As [`PostgresServer::start`], with flushing, memory and write-ahead log as PostgreSQL comes: what a load is measured
    /// on. The other one is kept small and quick.
    ///
    /// # Errors
    /// The same.
    pub fn start_durable() -> Result<Self> {
        Self::start_as(true)
    }

    fn start_as(durable: bool) -> Result<Self> {
        let programs = Programs::find()?;
        let home = Programs::home()?;
        let data = home.path().join("data");
        template::copy(&programs, &data, if durable { Size::AsItComes } else { Size::Small })?;
        let lease = PortLease::take()?;
        let mut server = Self { process: None, programs, data, home, lease, durable, databases: AtomicU32::new(0) };
        server.restart()?;
        Ok(server)
    }

    /// As the superuser, to the database `postgres`. No password.
    pub fn admin_url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port())
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.lease.port()
    }

    /// Of the process; of the last one after [`PostgresServer::kill`].
    pub fn pid(&self) -> u32 {
        self.process.as_ref().map_or(0, Process::pid)
    }

    /// What it has written to its log, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("postgres.log")
    }

    /// A fresh database that belongs to a fresh role, which is no superuser and needs its password. Gives the role's URL.
    ///
    /// # Errors
    /// A server that does not run.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("twofold_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let password = format!("pw{:016x}", RandomState::new().hash_one(&name));
        self.admin(&format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'"))?;
        self.admin(&format!("CREATE DATABASE {name} OWNER {name}"))?;
        Ok(format!("postgres://{name}:{password}@127.0.0.1:{}/{name}", self.port()))
    }

    /// Runs one statement as the superuser. As [`PostgresServer::query`].
    ///
    /// # Errors
    /// The same.
    pub fn admin(&self, sql: &str) -> Result<String> {
        Self::query(&self.admin_url(), sql)
    }

    /// Runs one statement over a connection of its own, with `psql`; gives the rows, columns parted by `|`.
    ///
    /// # Errors
    /// No `psql`, a server that does not run, a role it does not let in, or a statement it refuses.
    pub fn query(url: &str, sql: &str) -> Result<String> {
        let output = Command::new(Programs::find()?.path("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", url, "--command", sql])
            .output()
            .context("psql is needed for this test")?;
        if !output.status.success() {
            bail!("{sql}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// `SIGKILL` to the server and to those that work for its connections, and waits until it has gone.
    pub fn kill(&mut self) {
        let Some(process) = &mut self.process else { return };
        let pid = process.pid();
        let workers = match process.ended() {
            Ok(None) => fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default(),
            Ok(Some(_)) | Err(_) => String::new(),
        };
        process.kill();
        for worker in workers.split_whitespace().filter_map(|worker| worker.parse().ok()) {
            // It may have seen its server go and be gone itself.
            let _ = process::signal(worker, "KILL");
        }
    }

    /// Kills it when it still runs, starts it with the same port and data, and waits until it answers.
    ///
    /// # Errors
    /// Not within a minute.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        // Workers of a killed server hold its shared memory for a moment, and the new one refuses to start until then.
        wait::until("a PostgreSQL server that starts", REMAINS, || {
            self.launch()?;
            self.wait_until_ready()
        })
        .with_context(|| self.log())
    }

    fn launch(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut command = self.programs.command("postgres");
        let durable = if self.durable { "on" } else { "off" };
        command.arg("-D").arg(&self.data).args(["-p", &self.port().to_string()]);
        for setting in ["fsync", "full_page_writes"] {
            command.args(["-c", &format!("{setting}={durable}")]);
        }
        command.stdout(log.try_clone()?).stderr(log);
        // An immediate shutdown: unlike a killed server it gives back its shared memory.
        self.process = Some(Process::spawn(&mut command, "QUIT", Some(self.home.path()))?);
        Ok(())
    }

    /// Whether it is ready; no when it ended before.
    fn wait_until_ready(&mut self) -> Result<bool> {
        let process = self.process.as_mut().context("a server that was never launched")?;
        let (pid, file) = (process.pid().to_string(), self.data.join("postmaster.pid"));
        let mut ended = false;
        wait::until("a ready PostgreSQL server", wait::STARTED, || {
            ended = process.ended()?.is_some();
            let text = fs::read_to_string(&file).unwrap_or_default();
            let mut lines = text.lines().map(str::trim);
            // Lines one and eight: the id of the process and its state.
            Ok(ended || (lines.next() == Some(&pid) && lines.nth(6) == Some("ready")))
        })?;
        Ok(!ended)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.process = None;
        // Only one that was killed leaves this file, and with it shared memory that nothing else gives back: the last
        // number of the seventh line.
        let left = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        if let Some(memory) = left.lines().nth(6).and_then(|line| line.split_whitespace().last()) {
            let _ = Command::new("ipcrm").args(["-m", memory]).output();
        }
    }
}
