//! Codes over providers that fail, from workers that are killed, in a version of a minute or two; `twofold-load deliver`
//! asks for 20,000.

use twofold_loadtests::deliver::{Line, Options, play};

async fn run(production: bool) {
    let report =
        play(&Options::short(env!("CARGO_BIN_EXE_twofold").into(), production)).await.expect("a run to its end");
    report.print(false);
    let of = |name: &str| report.lines().find(|line| line.name == name).map_or(-1.0, |line| line.value);
    assert!(of("kills (kill -9)") > 0.0 && of("accepted") > 0.0 && of("dead") > 0.0 && of("expired") > 0.0);
    // Among so few messages a single one is too many, and how long they take says nothing on a machine that does much
    // else: both are measured by the whole run.
    let counted = |line: &&Line| line.name != "duplicates" && !line.name.ends_with(" ms");
    let broken: Vec<&Line> = report.lines().filter(counted).filter(|line| !line.holds()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_one_process_comes_to_an_end_however_often_it_is_killed() {
    run(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_of_several_workers_comes_to_an_end_however_often_they_are_killed() {
    run(true).await;
}
