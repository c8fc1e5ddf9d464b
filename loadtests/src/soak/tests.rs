//! The report against a file that was looked at, the goals, and the probe with servers that answer as they like.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use twofold_test_support::{HttpStub, Reaction};

use super::page::markdown;
use super::probe::{LAG, Probe};
use super::{Ending, Lag, Report, Sample, charts};
use crate::client::Target;
use crate::load::{Plan, Run, made_up, run};
use crate::page;
use crate::stage::Saturation;

/// Forty seconds in which `api` holds what is told, and the others always the same.
fn samples(api_mib: impl Fn(f64) -> f64) -> Vec<Sample> {
    let sample = |at: u32| {
        let at_s = f64::from(at);
        let mib = vec![api_mib(at_s), 50.0, 30.0, 60.0];
        let cpu_s = vec![1.0 + 0.5 * at_s, 0.1 * at_s, 0.2 * at_s, 0.05 * at_s];
        let head = 10_000 + 100 * u64::from(at);
        Sample { at_s, mib, cpu_s, head: Some(head), projected: Some(head - 7) }
    };
    (0..40).map(sample).collect()
}

fn report() -> Report {
    let mut mixed = made_up::run("mixed", "right", Plan::open(256, 5, 40), &[4; 200]);
    mixed.latency.record(Duration::from_millis(90));
    let parts = BTreeMap::from([(LAG.to_owned(), made_up::latencies(&[20; 400]))]);
    let lag = Run { parts, ..made_up::run("probe", "probe", Plan::open(16, 10, 40), &[25; 400]) };
    let ending = Ending {
        trouble: None,
        said: vec!["log 9 commits of 3 subjects, 12 events, 0 broken".to_owned(), "sound".to_owned()],
        sound: true,
        took_s: 3.0,
    };
    Report {
        origin: page::made_up("twofold-load soak --production --seconds 40"),
        saturation: Some(Saturation { per_second: vec![9.0, 12.0, 10.0], seconds: 10, clients: 256, users: 30_000 }),
        users: 1280,
        rate: 5,
        mixed,
        lag,
        lags: (0..400).map(|n| Lag { at_s: f64::from(n) / 10.0, ms: 20.0 }).collect(),
        processes: ["api", "project", "nats-server", "postgres"].map(ToOwned::to_owned).into(),
        own: 2,
        samples: samples(|_| 100.0),
        ending,
    }
}

/// Whether each goal is met, in the order of the page.
fn met(report: &Report) -> Vec<Option<bool>> {
    report.goals().iter().map(|goal| goal.met).collect()
}

/// A report in which only the goal at this place is not met.
fn spoils(place: usize, spoil: impl FnOnce(&mut Report)) {
    let mut spoilt = report();
    spoil(&mut spoilt);
    let mut wanted = vec![Some(true); 5];
    wanted[place] = Some(false);
    assert_eq!(met(&spoilt), wanted, "{:?}", spoilt.goals());
}

#[test]
fn the_page_is_written_as_in_the_golden_file() {
    let written = markdown(&report(), "![Memory](soak-memory.svg)\n");
    assert_eq!(written, include_str!("golden/soak.md"), "\n{written}");
}

#[test]
fn each_goal_is_missed_by_what_it_is_about_and_by_nothing_else() {
    assert_eq!(met(&report()), [Some(true); 5]);
    spoils(0, |report| report.mixed.ended_early = true);
    spoils(0, |report| report.mixed.took_s = 39.0);
    spoils(1, |report| report.mixed.failures = 1);
    spoils(1, |report| report.mixed.counts.entry("right".to_owned()).or_default().refused = 1);
    spoils(1, |report| report.lag.failures = 1);
    spoils(1, |report| report.mixed.schedule.unsent = 1);
    spoils(2, |report| drop(report.lag.parts.insert(LAG.to_owned(), made_up::latencies(&[20, 20, 210]))));
    spoils(3, |report| report.samples = samples(|at| 100.0 + at));
    spoils(4, |report| report.ending.sound = false);
}

#[test]
fn what_was_not_measured_is_not_met() {
    let nothing =
        Report { samples: Vec::new(), lag: made_up::run("probe", "probe", Plan::open(16, 10, 40), &[]), ..report() };
    assert_eq!(met(&nothing), [Some(true), Some(true), None, None, Some(true)]);
}

#[test]
fn errors_and_a_log_that_is_not_sound_fail_the_command_and_a_missed_aim_does_not() {
    assert!(report().holds());
    assert!(Report { samples: samples(|at| 100.0 + at), ..report() }.holds());
    let unsound = Ending { sound: false, ..report().ending };
    assert!(!Report { ending: unsound, ..report() }.holds());
    let stuck = Ending { trouble: Some("api has not ended".to_owned()), ..report().ending };
    assert!(!Report { ending: stuck, ..report() }.holds());
    let mixed = Run { failures: 1, ..report().mixed };
    assert!(!Report { mixed, ..report() }.holds());
    let mixed = Run { counts: BTreeMap::new(), ..report().mixed };
    assert!(!Report { mixed, ..report() }.holds(), "nothing was asked");
}

#[test]
fn pictures_have_a_curve_for_each_process_and_a_point_for_each_window() {
    let all = charts::all(&report());
    let points = |name: &str| -> Vec<usize> {
        let (_, chart) = all.iter().find(|(found, _)| *found == name).expect("a picture");
        chart.svg().expect("drawn");
        chart.curves.iter().map(|curve| curve.points.len()).collect()
    };
    assert_eq!((points("memory"), points("cores")), (vec![40; 4], vec![3; 4]));
    assert_eq!((points("lag"), points("latency")), (vec![4; 3], vec![1; 2]));
    let cores = &all[1].1.curves[0].points;
    assert!(cores.iter().all(|(_, cores)| (cores - 0.5).abs() < 1e-9), "{cores:?}");
}

#[test]
fn a_report_comes_back_from_json_as_it_was() {
    let text = serde_json::to_string(&report()).expect("written");
    assert_eq!(serde_json::from_str::<Report>(&text).expect("read"), report());
}

/// Plays the probe on a server whose reads are answered so; writes are at position 7.
async fn probed(read: impl Fn(u64) -> Reaction + Send + Sync + 'static) -> (Run, Vec<Lag>) {
    let reads = AtomicU64::new(0);
    let server = HttpStub::start(move |request| match request.method.as_str() {
        "PUT" => Reaction::json(200, &json!({ "user": "probe-0", "position": 7 })),
        _ => read(reads.fetch_add(1, Ordering::Relaxed)),
    });
    let server = server.await.expect("a server");
    let target = Target::parse(&server.url(), "key").expect("loopback");
    let probe = Probe::new(target, Duration::ZERO);
    let told = run(&probe, &Plan { operations: Some(2), ..Plan::closed(1, 60) }, false).await.expect("a run");
    let asked = server.requests();
    assert!(
        asked.iter().any(|request| request.target == "/v1/users/probe-0/audit?limit=1&min_position=7"),
        "{asked:?}"
    );
    (told, probe.samples())
}

fn shown(position: u64) -> Reaction {
    Reaction::json(200, &json!({ "items": [{ "position": position, "kind": "user.changed" }], "position": 9 }))
}

#[tokio::test]
async fn the_lag_goes_on_until_the_write_is_shown() {
    let (told, samples) = probed(|read| if read % 3 < 2 { Reaction::status(503) } else { shown(7) }).await;
    assert!(told.holds(), "{:?}", told.examples);
    assert_eq!((told.total().right, told.parts[LAG].count(), samples.len()), (2, 2, 2));
}

#[tokio::test]
async fn a_read_that_promises_a_position_and_does_not_show_it_is_a_wrong_answer() {
    let (told, _) = probed(|_| shown(6)).await;
    assert_eq!(told.failures, 2, "{:?}", told.examples);
    assert!(told.examples[0].contains("expected an event at 7"), "{:?}", told.examples);
    let (told, _) = probed(|_| Reaction::json(200, &json!({ "items": [], "position": 9 }))).await;
    assert_eq!(told.failures, 2);
}
