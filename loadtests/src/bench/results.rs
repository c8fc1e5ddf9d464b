//! Everything that was measured.

use serde::{Deserialize, Serialize};

use super::contender::{About, Kind};
use super::figures::Spread;
use crate::load::{Machine, Run, Versions};

/// A bench. In JSON it can be read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Milliseconds since the Unix epoch, at its beginning.
    pub started_at_ms: u64,
    /// What was typed, but for paths.
    pub command: String,
    /// Whether it was a quick one, whose figures mean little.
    pub quick: bool,
    /// Rounds.
    pub rounds: u32,
    /// How long each run is.
    pub seconds: Seconds,
    /// Where.
    pub machine: Machine,
    /// What.
    pub versions: Versions,
    /// In the order of the table.
    pub outcomes: Vec<Outcome>,
}

/// How long each run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seconds {
    /// Before each, left out of the figures.
    pub warm_up: u64,
    /// At full load.
    pub closed: u64,
    /// On a schedule.
    pub open: u64,
}

/// What came of one of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Who.
    pub kind: Kind,
    /// What is told of it; empty when it could not be started.
    pub about: About,
    /// Why it could not be started, or broke off.
    pub trouble: Option<String>,
    /// Full load, by round.
    pub closed: Vec<Measured>,
    /// Half of the median of these, on a schedule, by round.
    pub open: Vec<Measured>,
    /// The most memory its processes have held, added up, in MiB.
    pub peak_mib: u64,
}

/// A run, and what the server used meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What the clients saw.
    pub run: Run,
    /// Processor time of all of the server's processes, in seconds, warm-up included.
    pub cpu_s: f64,
    /// The operations that took it, warm-up included.
    pub operations: u64,
}

impl Results {
    /// Whether every answer that was checked was right. A peer that could not be started does not count.
    pub fn holds(&self) -> bool {
        let runs = |outcome: &Outcome| outcome.closed.iter().chain(&outcome.open).all(|measured| measured.run.holds());
        self.outcomes.iter().all(runs)
    }

    /// The outcome of one, if it was measured.
    pub fn of(&self, kind: Kind) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.kind == kind && !outcome.closed.is_empty())
    }
}

impl Outcome {
    /// Operations a second at full load.
    pub fn rate(&self) -> Option<Spread> {
        Spread::of(self.closed.iter().map(|measured| measured.run.per_second()))
    }

    /// Milliseconds at a quantile, at half of that rate.
    pub fn half_ms(&self, quantile: f64) -> Option<Spread> {
        Spread::of(self.open.iter().map(|measured| measured.run.latency.ms(quantile)))
    }

    /// Processor time of the server for each operation at full load, in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
    pub fn cpu_us(&self) -> Option<Spread> {
        let done = self.closed.iter().filter(|measured| measured.operations > 0);
        Spread::of(done.map(|measured| measured.cpu_s * 1e6 / measured.operations as f64))
    }

    /// Operations of a kind over all runs, warm-ups left out.
    pub fn count(&self, kind: &str) -> u64 {
        let runs = self.closed.iter().chain(&self.open);
        runs.filter_map(|measured| measured.run.counts.get(kind)).map(crate::load::Count::all).sum()
    }

    /// Refusals by 429 or 503 over all runs.
    pub fn refused(&self) -> u64 {
        self.closed.iter().chain(&self.open).map(|measured| measured.run.total().refused).sum()
    }
}
