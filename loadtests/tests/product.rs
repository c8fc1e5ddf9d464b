//! `twofold-load soak` and `storm` from the command line to the page, some seconds each. No figure is looked at.
//!
//! The program under test is the one beside `twofold-load`, as on the command line. A test run of the whole workspace has
//! built it; one of this crate alone may not have, and then there is nothing to start.

#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::fs;
use std::path::Path;
use std::process::Command;

use twofold_loadtests::{curves, soak, storm};

/// Runs a command with its page and its JSON in a folder; answers both. Nothing: there is no program to start.
fn run(folder: &Path, arguments: &[&str]) -> Option<(String, Vec<u8>)> {
    let load = Path::new(env!("CARGO_BIN_EXE_twofold-load"));
    if !load.with_file_name("twofold").is_file() {
        println!("skipped: there is no twofold beside twofold-load; build it with `cargo build -p twofold`");
        return None;
    }
    let (page, json) = (folder.join("page.md"), folder.join("all.json"));
    let mut command = Command::new(load);
    let output = command.args(arguments).arg("--out").arg(&page).arg("--json").arg(&json).output().expect("started");
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{arguments:?} {}\n{told}", output.status);
    Some((fs::read_to_string(page).expect("a page"), fs::read(json).expect("figures")))
}

fn soaked(shape: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = [&["soak", "--seconds", "6", "--rate", "20", "--clients", "8"], shape].concat();
    let Some((page, json)) = run(folder.path(), &arguments) else { return };
    let report: soak::Report = serde_json::from_slice(&json).expect("in JSON");
    assert!(report.holds() && report.mixed.total().right > 0, "{page}");
    let lag = report.read_model_lag();
    assert!(lag.count() > 0 && lag.count() == report.lag.total().right, "{page}");
    assert!(
        report.samples.len() >= 4 && report.samples.iter().all(|sample| sample.mib.iter().all(|mib| *mib > 0.0)),
        "{page}"
    );
    assert!(report.samples.iter().any(|sample| sample.head > Some(0) && sample.projected > Some(0)), "{page}");
    assert!(report.ending.said.iter().any(|line| line.contains("0 broken")), "{page}");
    assert!(page.contains("| `twofold verify-log` at the end | sound | sound | met |"), "{page}");
    for picture in ["memory", "cores", "latency", "lag", "quantiles"] {
        assert!(page.contains(&format!("(page-{picture}.svg)")), "{page}");
        assert!(folder.path().join(format!("page-{picture}.svg")).is_file(), "{picture}");
    }
}

#[test]
fn a_short_soak_of_one_process_ends_with_a_sound_log_and_a_page() {
    soaked(&[]);
}

#[test]
fn a_short_soak_of_the_production_shape_ends_with_a_sound_log_and_a_page() {
    soaked(&["--production"]);
}

#[test]
fn a_short_storm_locks_its_victims_and_lets_the_others_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let storm = ["storm", "--runs", "2", "--seconds", "2", "--warm-up", "0", "--users", "800", "--clients", "4"];
    let guesses = ["--victims", "4", "--guesses", "100", "--attackers", "4", "--share", "1", "--loops", "1"];
    let Some((page, json)) = run(folder.path(), &[&storm[..], &guesses[..]].concat()) else { return };
    let report: storm::Report = serde_json::from_slice(&json).expect("in JSON");
    let told = report.guesses();
    assert!(report.holds() && report.saturation.is_some() && report.rounds.len() == 2, "{page}");
    assert!(told.wrong >= 20 && told.locked > 20, "five of each of four, then locks: {told:?}");
    assert_eq!((report.refused_logins(), told.violations), (0, 0), "{page}");
    assert!(page.contains("(page-latency.svg)") && folder.path().join("page-latency.svg").is_file(), "{page}");
}

#[test]
fn short_curves_of_the_production_shape_write_a_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let curves =
        ["curves", "--production", "--users", "60", "--history", "2", "--history-users", "5", "--clients", "4"];
    let Some((page, json)) = run(folder.path(), &[&curves[..], &["--seconds", "1", "--rounds", "1"]].concat()) else {
        return;
    };
    let report: curves::Report = serde_json::from_slice(&json).expect("in JSON");
    assert!(report.users[0].per_second > 0.0 && report.history[0].first.count() == 5, "{page}");
    assert!(page.contains("| 60 |") && page.contains("nats-server"), "{page}");
    assert!(page.contains("(page-history.svg)") && folder.path().join("page-history.svg").is_file(), "{page}");
}
