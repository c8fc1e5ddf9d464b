//! What a run is to do.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// When operations begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// On a fixed schedule that never waits for answers. Latency counts from the moment an operation was due, also while
    /// all clients are busy.
    Open {
        /// Operations due each second, at equal distances.
        per_second: u64,
    },
    /// Each client begins its next operation when it has the answers of the one before: only to find saturation.
    Closed,
}

/// A run: how many clients, how fast, how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Clients, each with one operation at a time.
    pub clients: usize,
    /// When operations begin.
    pub pace: Pace,
    /// How long is measured, in seconds, after the warm-up.
    pub seconds: u64,
    /// Measure at most so many operations; the run then ends before its seconds are over.
    pub operations: Option<u64>,
    /// Seconds before, in which answers are checked and latency is not recorded.
    pub warm_up_s: u64,
    /// What this run is called in reports.
    pub label: String,
    /// What the scenario draws from; told, so that the run can be repeated.
    pub seed: u64,
}

impl Plan {
    /// A closed loop.
    pub fn closed(clients: usize, seconds: u64) -> Self {
        Self { clients, pace: Pace::Closed, seconds, operations: None, warm_up_s: 0, label: String::new(), seed: 1 }
    }

    /// A fixed schedule.
    pub fn open(clients: usize, per_second: u64, seconds: u64) -> Self {
        Self { pace: Pace::Open { per_second }, ..Self::closed(clients, seconds) }
    }

    /// # Errors
    /// There is nobody to play, nothing to play, or it would never end.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(self.clients > 0, "a run needs a client");
        ensure!(self.seconds > 0 && self.operations != Some(0), "a run needs time for an operation");
        ensure!(self.pace != Pace::Open { per_second: 0 }, "a schedule has at least one operation a second");
        Ok(())
    }

    /// Warm-up and measured time.
    pub(super) fn whole(&self) -> Duration {
        Duration::from_secs(self.warm_up_s.saturating_add(self.seconds))
    }
}
