use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::load::{Count, Latencies, Machine, Plan, Schedule, Second, Versions};

/// A thousand operations, of which the slowest is told.
fn a_run(slowest_ms: u64) -> Run {
    let mut latency = Latencies::default();
    (0..999).for_each(|n| latency.record(Duration::from_micros(500 + n)));
    latency.record(Duration::from_millis(slowest_ms));
    let second = |at_s| Second { at_s, done: 500, refused: 1, failed: 0, p50_ms: 1.0, p99_ms: 1.4899 };
    Run {
        scenario: "verify".to_owned(),
        plan: Plan { label: "50 % <half>".to_owned(), ..Plan::open(8, 500, 2) },
        started_at_ms: 0,
        took_s: 2.0,
        counts: BTreeMap::from([("right".to_owned(), Count { right: 1000, refused: 2, ..Count::default() })]),
        failures: 0,
        examples: Vec::new(),
        refusals: BTreeMap::from([(429, 2)]),
        parts: BTreeMap::from([("send".to_owned(), latency.clone())]),
        latency,
        timeline: vec![second(0), second(1)],
        schedule: Schedule::default(),
        ended_early: false,
        machine: Machine::default(),
        versions: Versions::default(),
    }
}

#[test]
fn csv_has_a_head_and_a_line_of_numbers_for_each_second() {
    let text = csv(&a_run(40));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "second,done,refused,failed,p50_ms,p99_ms");
    assert_eq!(lines[1..], ["0,500,1,0,1.000,1.490", "1,500,1,0,1.000,1.490"]);
}

#[test]
fn the_table_tells_rate_latencies_parts_refusals_and_failures() {
    let failed = Run { failures: 1, examples: vec!["right: expected 422, got 200".to_owned()], ..a_run(40) };
    let text = table(&[&failed]);
    for part in ["verify 50 % <half>", "500/s", "40.0", "  send", "refused by 429: 2", "FAILED right: expected 422"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn pictures_have_title_units_legend_and_a_curve_for_each_run() {
    let (fast, slow) = (a_run(40), a_run(90));
    let chart = percentiles(&[&fast, &slow]).expect("runs");
    assert_eq!(chart.curves.len(), 2);
    let last = |curve: &Curve| curve.points.last().expect("points").1;
    assert!(last(&chart.curves[0]) <= last(&chart.curves[1]));
    let svg = chart.svg().expect("drawn");
    // Labels are text, never markup.
    for part in ["verify: latency by quantile", "99.9 %", "latency in ms", "50 % &lt;half&gt;"] {
        assert!(svg.contains(part), "{part}");
    }
    assert_eq!(percentiles(&[&fast]).expect("a run").curves.len(), 2, "a run alone shows its parts");
    let chart = by_throughput(&[&fast, &slow]).expect("runs");
    assert!(chart.curves.iter().all(|curve| curve.points.len() == 2));
    assert!(percentiles(&[]).is_err() && by_throughput(&[]).is_err());
}

#[test]
fn a_picture_of_nothing_is_still_drawn() {
    let nothing = Run { latency: Latencies::default(), parts: BTreeMap::new(), ..a_run(1) };
    percentiles(&[&nothing]).and_then(|chart| chart.svg()).expect("drawn");
    let chart = Chart { curves: Vec::new(), ..percentiles(&[&nothing]).expect("a run") };
    chart.svg().expect("drawn");
}

#[test]
fn what_is_written_can_be_read_again_and_anything_else_is_told_as_such() {
    let folder = tempfile::tempdir().expect("a folder");
    let outputs = Outputs {
        json: Some(folder.path().join("new/run.json")),
        csv: Some(folder.path().join("run.csv")),
        svg: Some(folder.path().join("plots")),
    };
    let run = a_run(40);
    outputs.write(&run).expect("written");
    assert_eq!(read_json::<Run>(&folder.path().join("new/run.json")).expect("read"), run);
    assert!(folder.path().join("plots/verify-latency.svg").is_file());
    let error = read_json::<Run>(&folder.path().join("run.csv")).expect_err("not JSON");
    assert!(error.to_string().contains("is not a run"), "{error}");
}
