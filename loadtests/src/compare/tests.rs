use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::load::{Count, Machine, Schedule, Versions};

/// So many operations in a second, each as slow as told.
fn a_run(operations: u64, ms: u64) -> Run {
    let mut latency = Latencies::default();
    (0..operations).for_each(|_| latency.record(Duration::from_millis(ms)));
    let right = Count { right: operations, ..Count::default() };
    Run {
        scenario: "verify".to_owned(),
        plan: Plan::closed(4, 1),
        started_at_ms: 0,
        took_s: 1.0,
        counts: BTreeMap::from([("right".to_owned(), right)]),
        failures: 0,
        examples: Vec::new(),
        refusals: BTreeMap::new(),
        parts: BTreeMap::from([("verify".to_owned(), latency.clone())]),
        latency,
        timeline: Vec::new(),
        schedule: Schedule::default(),
        ended_early: false,
        machine: Machine::default(),
        versions: Versions::default(),
    }
}

fn change_of(figures: &[Figure], name: &str) -> Change {
    figures.iter().find(|figure| figure.name == name).expect("a figure").change()
}

#[test]
fn more_a_second_and_less_latency_is_better_and_the_other_way_round_worse() {
    let (slow, fast) = (a_run(100, 20), a_run(200, 10));
    let forth = figures(&slow, &fast);
    assert_eq!(change_of(&forth, "done/s"), Change::Better);
    assert_eq!(change_of(&forth, "p99 ms"), Change::Better);
    assert_eq!(change_of(&forth, "verify p50 ms"), Change::Better);
    let back = figures(&fast, &slow);
    assert_eq!(change_of(&back, "done/s"), Change::Worse);
    assert_eq!(change_of(&back, "p99 ms"), Change::Worse);
    assert_eq!(change_of(&back, "refused"), Change::Same);
}

#[test]
fn what_differs_by_noise_only_is_the_same() {
    let figures = figures(&a_run(1000, 10), &a_run(1040, 10));
    assert_eq!(change_of(&figures, "done/s"), Change::Same);
    assert!(table(&figures).to_string().contains("1.04"));
}

#[test]
fn failures_out_of_nothing_are_worse_and_spoil_the_comparison() {
    let (sound, broken) = (a_run(100, 10), Run { failures: 1, ..a_run(100, 10) });
    let figures = figures(&sound, &broken);
    assert_eq!(change_of(&figures, "wrong or no answer"), Change::Worse);
    assert_eq!(warnings(&sound, &broken), ["after: the run failed, its figures count for nothing"]);
}

#[test]
fn runs_of_another_machine_plan_or_scenario_are_told_apart() {
    let one = a_run(100, 10);
    assert_eq!(warnings(&one, &one), Vec::<String>::new());
    let mut other = one.clone();
    other.plan.label = "later".to_owned();
    assert_eq!(warnings(&one, &other), Vec::<String>::new());
    other.plan.clients = 8;
    other.machine.cores = 64;
    other.scenario = "login".to_owned();
    let told = warnings(&one, &other);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("verify before, login after"), "{told:?}");
}
