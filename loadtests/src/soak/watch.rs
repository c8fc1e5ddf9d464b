//! Once a second: what each process holds and uses, and how far the read model is behind.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::deliver::place::Place;
use crate::stage::tell;
use crate::usage::{cpu_s, families, held_mib};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Looks after which it is told how things are.
const TELL_EVERY: usize = 60;

/// One look. Figures of processes are in the order of their names in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the warm-up was over.
    pub at_s: f64,
    /// Memory each process holds, children included, in MiB.
    pub mib: Vec<f64>,
    /// Processor time each used since its start, in seconds.
    pub cpu_s: Vec<f64>,
    /// The last position of the log, if it was told.
    pub head: Option<u64>,
    /// The last one in the read model.
    pub projected: Option<u64>,
}

/// Looks until it is dropped; what was seen goes to `samples`.
pub(super) async fn watch(place: &Place, warm_up: Duration, samples: &mut Vec<Sample>) -> Result<()> {
    let measured_from = Instant::now() + warm_up;
    let roots: Vec<u32> = place.processes().into_iter().map(|(_, pid)| pid).collect();
    let mut tick = interval_at(measured_from, EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        let at_s = measured_from.elapsed().as_secs_f64();
        let all = roots.clone();
        // Reading `/proc` blocks, and the schedule of the load must not wait for it.
        let seen = tokio::task::spawn_blocking(move || used(&all));
        let (mib, cpu_s) = seen.await.context("looking at processes")?;
        // A process without time to answer is no reason to end: the load tells whether it answers panels.
        let positions = place.positions().await.ok();
        let (head, projected) = positions.map(|at| (at.head, at.projected)).unzip();
        if samples.len() % TELL_EVERY == TELL_EVERY - 1 {
            let memory: f64 = mib.iter().sum();
            let behind = head.zip(projected).map_or(0, |(head, projected)| head.saturating_sub(projected));
            tell(&format!("{:.0} min: {memory:.0} MiB, the read model {behind} commits behind", at_s / 60.0));
        }
        samples.push(Sample { at_s, mib, cpu_s, head, projected });
    }
}

/// What each process and its children hold, and the processor time they used.
fn used(roots: &[u32]) -> (Vec<f64>, Vec<f64>) {
    families(roots).iter().map(|family| (held_mib(family), cpu_s(family))).unzip()
}
