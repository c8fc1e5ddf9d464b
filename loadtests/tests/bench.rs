//! A quick bench of the bare route alone, from the command line to the file; the product joins in the tests of `twofold`.

use std::fs;
use std::process::Command;

use twofold_loadtests::bench::Results;

#[test]
fn a_quick_bench_writes_what_it_measured_for_people_and_for_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (home, out) = (folder.path().join("home"), folder.path().join("RESULTS.md"));
    let output = Command::new(env!("CARGO_BIN_EXE_twofold-load"))
        .args(["bench", "--quick", "--runs", "2", "--only", "bare", "--home"])
        .arg(&home)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&out).expect("results");
    assert!(text.contains("| bare axum route ") && text.contains("| 100 % |"), "{text}");
    let runs = fs::read(home.join("RESULTS.json")).expect("all runs");
    let results: Results = serde_json::from_slice(&runs).expect("in JSON");
    let [bare] = &results.outcomes[..] else { panic!("{text}") };
    assert_eq!((bare.closed.len(), bare.open.len()), (2, 2));
    assert!(results.holds() && bare.count("right") > 0 && bare.count("wrong") > 0, "{text}");
}
