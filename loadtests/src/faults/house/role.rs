//! One process of the product.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use twofold_test_support::{PortLease, Process};

use super::READY;
use crate::client::{Connection, Target};

/// Longest wait for an answer about readiness.
const ANSWER: Duration = Duration::from_secs(5);
/// Longest wait for one that was asked to end: its requests in flight have 10 s.
const FAREWELL: Duration = Duration::from_secs(30);

/// A process that is killed and started again, on the same port.
#[derive(Debug)]
pub struct Role {
    name: String,
    command: Command,
    process: Option<Process>,
    lease: PortLease,
    log: PathBuf,
}

impl Role {
    /// Not started yet; called such as `api 2`. `command` lacks only where to listen.
    pub fn new(name: String, mut command: Command, log: PathBuf) -> Result<Self> {
        let lease = PortLease::take()?;
        command.args(["--listen", &format!("127.0.0.1:{}", lease.port())]);
        Ok(Self { name, command, process: None, lease, log })
    }

    /// Gives it a setting, from its next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.command.env(format!("TWOFOLD__{name}"), value);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.lease.port()).into()
    }

    /// Of the process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::pid)
    }

    /// Starts it, without waiting.
    pub fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        self.command.stdout(log.try_clone()?).stderr(log);
        self.process = Some(Process::spawn(&mut self.command, "KILL", None)?);
        Ok(())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `SIGTERM`, and waits until it has ended as it should.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.signal("TERM")?;
        let start = Instant::now();
        while start.elapsed() < FAREWELL {
            if let Some(status) = process.ended()? {
                self.process = None;
                ensure!(status.success(), "{} was asked to end, {status}: {}", self.name, self.last_words());
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("{} has not ended after {FAREWELL:?}; {}", self.name, self.last_words())
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// How it ended, if it did so by itself, with the last lines of its log.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.process.as_mut()?.ended().ok()??;
        Some(format!("{} ended by itself, {status}: {}", self.name, self.last_words()))
    }

    /// Waits until it says that it is ready.
    pub async fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        let mut trouble = "no answer".to_owned();
        while start.elapsed() < READY {
            if let Some(end) = self.ended() {
                bail!("{end}");
            }
            match tokio::time::timeout(ANSWER, self.ask()).await {
                Ok(Ok((200, _))) => return Ok(()),
                Ok(Ok((_, body))) => trouble = body,
                Ok(Err(_)) | Err(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("{} is not ready after {READY:?}: {trouble}; {}", self.name, self.last_words())
    }

    async fn ask(&self) -> Result<(u16, String)> {
        let target = Target { authority: self.address().to_string(), key: String::new() };
        let mut connection = Connection::open(&target).await.context("no connection")?;
        let answer = connection.send("GET", "/readyz", "").await?;
        Ok((answer.status, String::from_utf8_lossy(answer.body).into_owned()))
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" | ")
    }
}
