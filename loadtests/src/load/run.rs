//! What a run measured.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latencies::Latencies;
use super::plan::{Pace, Plan};

/// The generator's own delay at p99 from which on its figures are in doubt, in milliseconds. Its timers tick once a
/// millisecond.
const SLIP_MS: f64 = 5.0;

/// How operations of one kind ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// As they must.
    pub right: u64,
    /// By 429 or 503.
    pub refused: u64,
    /// By an answer that must never be given.
    pub wrong: u64,
    /// Without an answer.
    pub unanswered: u64,
}

impl Count {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.right + self.refused + self.wrong + self.unanswered
    }
}

/// What ended in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Seconds since the warm-up was over; 0 is the first.
    pub at_s: u64,
    /// Operations that ended as they must.
    pub done: u64,
    /// Operations that were refused.
    pub refused: u64,
    /// Operations with a wrong answer, or none.
    pub failed: u64,
    /// Milliseconds.
    pub p50_ms: f64,
    /// Milliseconds.
    pub p99_ms: f64,
}

/// How well the generator kept its own schedule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// How late the generator itself woke up: for operations that a client had been waiting for, and for a beat a
    /// hundred times a second.
    pub slip: Latencies,
    /// Operations that began late because all clients were busy.
    pub queued: u64,
    /// Operations that were due and had not begun when the run was given up. Their age then counts as their latency.
    pub unsent: u64,
}

/// Where the run took place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Operating system and kernel.
    pub kernel: String,
}

/// What was built from what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This program.
    pub program: String,
    /// `rustc --version`, empty if there is none.
    pub rustc: String,
    /// The commit of the working folder, `+` for changes since; empty outside a repository.
    pub commit: String,
}

/// What a run measured. In JSON it can be read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`super::Scenario::name`].
    pub scenario: String,
    /// What it was to do.
    pub plan: Plan,
    /// Milliseconds since the Unix epoch, at its beginning.
    pub started_at_ms: u64,
    /// From the end of the warm-up to the last answer, in seconds.
    pub took_s: f64,
    /// By kind of operation; the warm-up is left out.
    pub counts: BTreeMap<String, Count>,
    /// Wrong or absent answers, warm-up included.
    pub failures: u64,
    /// The first of them, in words.
    pub examples: Vec<String>,
    /// Refusals by status.
    pub refusals: BTreeMap<u16, u64>,
    /// Whole operations, but those refused: an early no is not a fast yes.
    pub latency: Latencies,
    /// Parts of operations.
    pub parts: BTreeMap<String, Latencies>,
    /// Second by second.
    pub timeline: Vec<Second>,
    /// How true the schedule was.
    pub schedule: Schedule,
    /// The scenario had nothing left to play before time was over.
    pub ended_early: bool,
    /// Where.
    pub machine: Machine,
    /// What.
    pub versions: Versions,
}

impl Run {
    /// Whether every answer came and was right. Refusals do not fail a run.
    pub fn holds(&self) -> bool {
        self.failures == 0
    }

    /// All kinds together.
    pub fn total(&self) -> Count {
        self.counts.values().fold(Count::default(), |sum, count| Count {
            right: sum.right + count.right,
            refused: sum.refused + count.refused,
            wrong: sum.wrong + count.wrong,
            unanswered: sum.unanswered + count.unanswered,
        })
    }

    /// Operations a second that ended as they must.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn per_second(&self) -> f64 {
        if self.took_s > 0.0 { self.total().right as f64 / self.took_s } else { 0.0 }
    }

    /// Why the figures are not what the plan asked for; nothing if they are.
    #[expect(clippy::cast_precision_loss, reason = "shares for people")]
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.ended_early {
            doubts.push(format!("ended after {:.1} s: the scenario had nothing left to play", self.took_s));
        }
        let slip = self.schedule.slip.ms(0.99);
        if slip > SLIP_MS {
            doubts.push(format!("the generator was too slow: p99 of its own delay is {slip:.1} ms"));
        }
        let Pace::Open { per_second } = self.plan.pace else {
            return doubts;
        };
        let all = self.total().all() + self.schedule.unsent;
        if self.schedule.queued * 100 > all {
            let share = 100.0 * self.schedule.queued as f64 / all as f64;
            doubts.push(format!("{share:.0} % of the operations waited for one of {} clients", self.plan.clients));
        }
        if self.schedule.unsent > 0 {
            doubts.push(format!("{} operations were due and never sent", self.schedule.unsent));
        }
        let rate = self.per_second();
        if !self.ended_early && rate < 0.98 * per_second as f64 {
            doubts.push(format!("{rate:.0} of {per_second} operations a second were done"));
        }
        doubts
    }
}
