//! The production shape while its processes are killed and cut off, in a version of a minute; `twofold-load faults`
//! plays a hundred kills.

use twofold_loadtests::faults::{Options, play};

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_of_anything_and_partitions_lose_nothing_and_let_nobody_in_twice() {
    let report = play(&Options::short(env!("CARGO_BIN_EXE_twofold").into())).await.expect("a run to its end");
    report.print(false);
    assert_eq!(report.kills(), 8);
    assert!(report.successes() > 0);
    assert!(report.holds(), "{:#?}", report.against());
}
