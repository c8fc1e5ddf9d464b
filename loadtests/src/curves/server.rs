//! The program under test, killed and started again on what it has written.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::client::Target;
use crate::scenarios::Targets;
use crate::stage::Stage;
use crate::usage::Usage;

/// The product without users. Dropped, nothing is left of it.
#[derive(Debug)]
pub(super) struct Server(Stage);

impl Server {
    /// Starts it and waits until it is ready.
    pub(super) async fn start(program: PathBuf, production: bool) -> Result<Self> {
        Ok(Self(Stage::start(program, production).await?))
    }

    /// Kills the product's processes with `SIGKILL` and starts them again; answers how long it took from the start until all
    /// were ready. Broker and database go on.
    pub(super) async fn restart(&mut self) -> Result<Duration> {
        self.0.place.kill();
        let begun = Instant::now();
        self.0.place.start_again().await?;
        Ok(begun.elapsed())
    }

    /// What the product's processes used since their start.
    pub(super) fn usage(&self) -> Result<Usage> {
        Usage::of(&self.0.place.own_pids())
    }

    /// For scenarios.
    pub(super) fn targets(&self) -> Arc<Targets> {
        Arc::clone(&self.0.targets)
    }

    /// For single requests.
    pub(super) fn target(&self) -> Result<Target> {
        self.0.target()
    }

    /// How it is set up, a sentence each.
    pub(super) fn setup(&self) -> Vec<String> {
        self.0.setup.clone()
    }
}
