//! The results as they are written, against a file that was looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use super::contender::{About, Kind};
use super::figures::ratio;
use super::plots::{latency, rate};
use super::render::markdown;
use super::results::{Measured, Outcome, Results, Seconds};
use crate::load::{Count, Latencies, Machine, Pace, Plan, Run, Schedule, Versions};

/// A run of ten seconds, all of whose answers took as long.
fn measured(pace: Pace, counts: &[(&str, u64)], latency_ms: u64) -> Measured {
    let mut latency = Latencies::default();
    latency.record(Duration::from_millis(latency_ms));
    let count = |right: &u64| Count { right: *right, ..Count::default() };
    let counts: BTreeMap<String, Count> =
        counts.iter().map(|(kind, right)| ((*kind).to_owned(), count(right))).collect();
    let operations = counts.values().map(|count| count.right).sum();
    let run = Run {
        scenario: "verify".to_owned(),
        plan: Plan { pace, ..Plan::closed(64, 10) },
        started_at_ms: 0,
        took_s: 10.0,
        counts,
        failures: 0,
        examples: Vec::new(),
        refusals: BTreeMap::new(),
        latency,
        parts: BTreeMap::new(),
        timeline: Vec::new(),
        schedule: Schedule::default(),
        ended_early: false,
        machine: Machine::default(),
        versions: Versions::default(),
    };
    Measured { run, cpu_s: 8.0, operations }
}

fn outcome(kind: Kind, name: &str, rates: &[u64], p99_ms: u64) -> Outcome {
    let about = About {
        name: name.to_owned(),
        version: "1.2.3".to_owned(),
        setup: vec!["as it comes".to_owned(), "no more".to_owned()],
        clients: 64,
        users: 120_000,
    };
    let half = rates.iter().copied().min().unwrap_or(0) / 2;
    Outcome {
        kind,
        about,
        trouble: None,
        closed: rates.iter().map(|rate| measured(Pace::Closed, &[("right", rate * 10)], 1)).collect(),
        open: vec![measured(Pace::Open { per_second: half }, &[("right", half * 10)], p99_ms)],
        peak_mib: 77,
    }
}

fn results() -> Results {
    let mut forgetful = outcome(Kind::BetterAuth, "forgetful", &[50, 51, 49], 90);
    forgetful.closed[0] = measured(Pace::Closed, &[("replay", 1), ("replay-accepted", 9), ("right", 490)], 1);
    let mut liar = outcome(Kind::Privacyidea, "liar", &[3], 400);
    liar.closed[0].run.failures = 2;
    liar.closed[0].run.examples = vec!["wrong: expected a no, got 200 yes".to_owned()];
    let mut absent = outcome(Kind::Openbao, "", &[], 1);
    (absent.open, absent.about) = (Vec::new(), About::default());
    absent.trouble = Some("could not be started: no package index".to_owned());
    Results {
        started_at_ms: 1_700_000_000_000,
        command: "twofold-load bench --runs 3".to_owned(),
        quick: false,
        rounds: 3,
        seconds: Seconds { warm_up: 1, closed: 5, open: 8 },
        machine: Machine { cpu: "Some CPU".to_owned(), cores: 2, memory_mib: 16_000, kernel: "Linux 6.1".to_owned() },
        versions: Versions { program: "0.1.0".to_owned(), rustc: "rustc 1.95".to_owned(), commit: "abc+".to_owned() },
        outcomes: vec![
            outcome(Kind::Bare, "bare axum route", &[50_000, 61_000, 60_000], 1),
            outcome(Kind::Embedded, "twofold, embedded", &[22_000, 21_000, 24_500], 4),
            outcome(Kind::Production, "twofold, production", &[11_000, 10_000, 11_500], 14),
            absent,
            forgetful,
            liar,
        ],
    }
}

#[test]
fn the_results_are_written_as_in_the_golden_file() {
    let pictures = "![Rate](results/bench-rate.svg)\n";
    let written = markdown(&results(), pictures, "Measured apart: nothing.\n");
    assert_eq!(written, include_str!("golden/results.md"), "\n{written}");
}

#[test]
fn a_picture_has_everybody_who_was_measured_and_nobody_else() {
    let names = ["bare", "embedded", "production", "better-auth", "privacyidea"];
    let bars = rate(&results());
    assert_eq!(bars.bars.iter().map(|bar| bar.label.as_str()).collect::<Vec<_>>(), names);
    assert!((bars.bars[1].value - 22_000.0).abs() < 1e-6 && (bars.bars[1].high - 24_500.0).abs() < 1e-6, "{bars:?}");
    let chart = latency(&results()).expect("drawn");
    assert_eq!(chart.curves.iter().map(|curve| curve.label.as_str()).collect::<Vec<_>>(), names);
}

#[test]
fn ratios_are_of_medians_and_only_of_what_was_measured() {
    let results = results();
    let share = ratio(&results, Kind::Embedded, Kind::Bare).expect("both were measured");
    assert!((share - 22.0 / 60.0).abs() < 1e-9, "{share}");
    assert_eq!(ratio(&results, Kind::Embedded, Kind::Openbao), None);
}

#[test]
fn a_wrong_answer_fails_the_bench_and_a_peer_that_does_not_start_does_not() {
    let mut results = results();
    assert!(!results.holds());
    results.outcomes.retain(|outcome| outcome.kind != Kind::Privacyidea);
    assert!(results.holds());
}

#[test]
fn results_come_back_from_json_as_they_were() {
    let text = serde_json::to_string(&results()).expect("written");
    assert_eq!(serde_json::from_str::<Results>(&text).expect("read"), results());
}
