//! The program under test: one process with its data in a folder.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::usage::Usage;
use crate::client::Target;
use crate::faults::house::{Role, command, word};
use crate::scenarios::Targets;

/// `twofold serve` on an empty folder. Dropped, nothing is left of it.
#[derive(Debug)]
pub(super) struct Server {
    role: Role,
    key: String,
    /// Last, for it goes last.
    _folder: TempDir,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(super) async fn start(program: &Path) -> Result<Self> {
        ensure!(program.is_file(), "there is no program {}: build it, or name it with --bin", program.display());
        let program = program.canonicalize()?;
        let folder = tempfile::Builder::new().prefix("twofold-curves-").tempdir()?;
        let mut serve = command(&program, folder.path(), &[]);
        serve.args(["serve", "--data-dir", "data"]);
        let log = folder.path().join("serve.log");
        let mut role = Role::new("serve".to_owned(), serve, log.clone())?;
        role.start()?;
        role.wait_until_ready().await?;
        let key = word(&fs::read_to_string(log)?, "tf_live_")?;
        Ok(Self { role, key, _folder: folder })
    }

    /// Kills it with `SIGKILL` and starts it again; answers how long it took from the start until it was ready.
    pub(super) async fn restart(&mut self) -> Result<Duration> {
        self.role.kill();
        let begun = Instant::now();
        self.role.start()?;
        self.role.wait_until_ready().await?;
        Ok(begun.elapsed())
    }

    /// What it used so far.
    pub(super) fn usage(&self) -> Result<Usage> {
        Usage::of(self.role.pid().context("the server does not run")?)
    }

    /// For scenarios.
    pub(super) fn targets(&self) -> Result<Arc<Targets>> {
        let url = format!("http://{}", self.role.address());
        Ok(Arc::new(Targets::parse(&[url], std::slice::from_ref(&self.key))?))
    }

    /// For single requests.
    pub(super) fn target(&self) -> Target {
        Target { authority: self.role.address().to_string(), key: self.key.clone() }
    }
}
