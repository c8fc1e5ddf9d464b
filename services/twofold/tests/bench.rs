//! The product in a quick bench: started, filled with users, put under load and measured. No figure is looked at.

use twofold_loadtests::bench::{Kind, Options, play};

async fn run(kind: Kind) {
    let options = Options::short(env!("CARGO_BIN_EXE_twofold").into(), vec![kind]);
    let results = play(&options).await.expect("a bench to its end");
    assert!(results.holds(), "{:?}", results.outcomes);
    let outcome = results.of(kind).expect("it was measured");
    assert!(outcome.count("right") > 0 && outcome.count("wrong") > 0, "{:?}", outcome.closed);
    assert!(outcome.peak_mib > 0 && outcome.trouble.is_none(), "{:?}", outcome.trouble);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_can_be_measured() {
    run(Kind::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_production_shape_can_be_measured() {
    run(Kind::Production).await;
}
