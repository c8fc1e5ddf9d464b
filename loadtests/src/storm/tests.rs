//! The report against a file that was looked at, and what it takes to miss a goal.

use super::page::markdown;
use super::{Report, Round};
use crate::load::{Plan, Run, made_up};
use crate::page;
use crate::scenarios::Guesses;
use crate::stage::Saturation;

fn login(label: &str, ms: u64) -> Run {
    let plan = Plan { label: label.to_owned(), warm_up_s: 2, ..Plan::open(128, 20, 10) };
    made_up::run("login", "login", plan, &[ms; 200])
}

fn round(quiet_ms: u64, hostile_ms: u64) -> Round {
    let guesses = Guesses { wrong: 500, locked: 9_000, refused: 3, unanswered: 0, violations: 0 };
    Round { quiet: login("quiet", quiet_ms), hostile: login("beside the storm", hostile_ms), guesses }
}

fn report() -> Report {
    Report {
        origin: page::made_up("twofold-load storm --runs 3"),
        saturation: Some(Saturation { per_second: vec![40.0], seconds: 10, clients: 128, users: 30_000 }),
        share_percent: 50,
        rate: 20,
        users: 640,
        guesses_per_s: 1000,
        victims: 100,
        attackers: 32,
        // Once in three rounds it was three times as long.
        rounds: vec![round(10, 12), round(10, 30), round(12, 13)],
    }
}

fn met(report: &Report) -> Vec<Option<bool>> {
    report.goals().iter().map(|goal| goal.met).collect()
}

fn spoils(place: usize, fails: bool, spoil: impl FnOnce(&mut Report)) {
    let mut spoilt = report();
    spoil(&mut spoilt);
    let mut wanted = vec![Some(true); 4];
    wanted[place] = Some(false);
    assert_eq!(met(&spoilt), wanted, "{:?}", spoilt.goals());
    assert_eq!(spoilt.holds(), !fails, "{:?}", spoilt.goals());
}

#[test]
fn the_page_is_written_as_in_the_golden_file() {
    let written = markdown(&report(), "![Latency](hostile-latency.svg)\n");
    assert_eq!(written, include_str!("golden/hostile.md"), "\n{written}");
}

#[test]
fn the_ratio_is_that_of_the_medians() {
    let times = report().times(0.99).expect("measured");
    assert!((times - 1.3).abs() < 0.01, "{times}");
    assert_eq!(Report { rounds: Vec::new(), ..report() }.times(0.99), None);
}

#[test]
fn each_goal_is_missed_by_what_it_is_about_and_only_wrong_answers_fail_the_command() {
    assert_eq!(met(&report()), [Some(true); 4]);
    assert!(report().holds());
    assert!(!Report { rounds: Vec::new(), ..report() }.holds(), "nothing was asked");
    spoils(0, false, |report| report.rounds[0] = round(10, 24));
    spoils(1, true, |report| report.rounds[0].hostile.failures = 1);
    spoils(1, true, |report| report.rounds[1].hostile.counts.entry("login".to_owned()).or_default().refused = 1);
    spoils(1, true, |report| report.rounds[1].quiet.schedule.unsent = 1);
    spoils(2, true, |report| report.rounds[2].guesses.violations = 1);
    spoils(3, false, |report| report.rounds[2].guesses.unanswered = 1);
}

#[test]
fn pictures_have_both_sides_over_all_rounds() {
    for (name, chart) in report().charts().expect("drawn") {
        chart.svg().expect("drawn");
        assert_eq!(chart.curves.len(), 2, "{name}");
    }
}

#[test]
fn a_report_comes_back_from_json_as_it_was() {
    let text = serde_json::to_string(&report()).expect("written");
    assert_eq!(serde_json::from_str::<Report>(&text).expect("read"), report());
}
