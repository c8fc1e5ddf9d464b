//! Runs for tests of reports.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Count, Latencies, Machine, Plan, Run, Schedule, Second, Versions};

/// Of each figure as many.
pub(crate) fn latencies(ms: &[u64]) -> Latencies {
    let mut latencies = Latencies::default();
    for ms in ms {
        latencies.record(Duration::from_millis(*ms));
    }
    latencies
}

/// A run that went as planned, with these latencies, one for each operation of a kind.
pub(crate) fn run(scenario: &str, kind: &str, plan: Plan, ms: &[u64]) -> Run {
    let right = ms.len() as u64;
    let second = Second { at_s: 0, done: right, refused: 0, failed: 0, p50_ms: 1.0, p99_ms: 2.0 };
    Run {
        scenario: scenario.to_owned(),
        started_at_ms: 0,
        took_s: f64::from(u32::try_from(plan.seconds).unwrap_or(0)),
        plan,
        counts: BTreeMap::from([(kind.to_owned(), Count { right, ..Count::default() })]),
        failures: 0,
        examples: Vec::new(),
        refusals: BTreeMap::new(),
        latency: latencies(ms),
        parts: BTreeMap::new(),
        timeline: vec![second],
        schedule: Schedule::default(),
        ended_early: false,
        machine: Machine::default(),
        versions: Versions::default(),
    }
}
