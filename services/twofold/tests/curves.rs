//! A short version of `twofold-load curves`.

use twofold_loadtests::curves::{Options, play};

#[tokio::test]
async fn a_verification_is_measured_by_number_of_users_and_by_length_of_history() {
    let report = play(&Options::short(env!("CARGO_BIN_EXE_twofold").into())).await.expect("a report");
    assert_eq!(report.users.iter().map(|by| by.users).collect::<Vec<_>>(), [60]);
    let by = &report.users[0];
    assert!(by.per_second > 0.0 && by.latency.count() > 0 && by.rss_mib > 0.0, "{by:?}");
    let history: Vec<(u64, u64)> = report.history.iter().map(|by| (by.events, by.first.count())).collect();
    assert_eq!(history, [(2, 10), (40, 10)]);
    assert_eq!(report.charts().len(), 5);
}
