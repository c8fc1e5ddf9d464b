//! A peer's script while it runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

use super::description::Description;

/// Longest wait for packages that are installed and users that are made.
const STARTED: Duration = Duration::from_mins(15);
/// Longest wait for its servers to end.
const ENDED: Duration = Duration::from_mins(1);

/// It ends its servers, and then itself, as soon as its input ends: when it is told to, and when this program is gone.
#[derive(Debug)]
pub struct Script {
    child: Child,
    input: ChildStdin,
}

impl Script {
    /// Runs it with the `python3` on the path until it says what it started. What it says otherwise goes to `log`.
    ///
    /// # Errors
    /// It ended, with the last lines of its log; or it took a quarter of an hour.
    pub async fn start(script: &Path, arguments: &[String], log: PathBuf) -> Result<(Self, Description)> {
        let mut child = Command::new("python3")
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("python3 is needed for the peers")?;
        let input = child.stdin.take().context("an input")?;
        let mut output = BufReader::new(child.stdout.take().context("an output")?);
        let mut line = String::new();
        timeout(STARTED, output.read_line(&mut line)).await.context("the script says nothing")??;
        if line.is_empty() {
            let said = fs::read_to_string(&log).unwrap_or_default();
            bail!("{}", said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("the script ended"));
        }
        Ok((Self { child, input }, Description::parse(&line)?))
    }

    /// Ends it with its servers.
    ///
    /// # Errors
    /// They do not end in a minute, or the script says that something went wrong.
    pub async fn stop(self) -> Result<()> {
        let Self { mut child, input } = self;
        drop(input);
        let status = timeout(ENDED, child.wait()).await.context("the script does not end")??;
        if !status.success() {
            bail!("the script ended with {status}");
        }
        Ok(())
    }
}
