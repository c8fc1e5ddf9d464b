//! A store without room.

use std::fs;

use bytes::Bytes;
use futures_util::future::join_all;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{Append, EventLog, NewCommit, Subject};
use twofold_jetstream::{CheckError, CheckOptions, InitOptions, check, init};
use twofold_test_support::NatsOptions;

use crate::support::{Site, init_options, is_maybe_stored, is_not_stored, whole};

const PAYLOAD_BYTES: usize = 64 * 1024;
const MAX_BYTES: i64 = 1024 * 1024;

fn large(subject: &Subject) -> NewCommit {
    NewCommit { payload: Bytes::from(vec![7; PAYLOAD_BYTES]), ..Sample::first(subject) }
}

/// Fills the log with groups of so many commits. Answers how many commits were stored.
async fn fill(log: &dyn EventLog, commits: usize) -> usize {
    let mut stored = 0;
    loop {
        let append = Append { commits: (0..commits).map(|_| large(&Sample::user())).collect() };
        // A busy server may leave an answer unclear: as a caller would, ask again until it is clear.
        let outcome = loop {
            let outcome = log.append(append.clone()).await;
            if !is_maybe_stored(&outcome) {
                break outcome;
            }
        };
        match outcome {
            Ok(_) => stored += commits,
            full => {
                assert!(is_not_stored(&full), "{full:?}");
                return stored;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_log_refuses_appends_and_keeps_all_it_has() {
    for commits in [1, 3] {
        let site = Site::small(&NatsOptions::default(), Some(MAX_BYTES)).await;
        let log = site.log().await;
        let stored = fill(&*log, commits).await;
        assert!((10..16).contains(&stored), "{stored}");
        assert_eq!(whole(&*log).await.len(), stored);
        // Small ones still fit, and nothing of the refused group was stored.
        assert!(log.append(Append::one(Sample::first(&Sample::user()))).await.is_ok());
        assert_eq!(whole(&*log).await.len(), stored + 1);

        let broker = site.broker().await;
        let options = CheckOptions { monitors: vec![site.servers.monitor()], ..CheckOptions::default() };
        let checked = check(&broker, &options).await;
        assert!(matches!(&checked, Err(CheckError::Full { what, .. }) if what == "the log"), "{checked:?}");

        let options_with_room = InitOptions { max_bytes: Some(4 * MAX_BYTES), ..init_options(1) };
        let report = init(&broker, &options_with_room).await.expect("more room");
        assert_eq!(report.changed.iter().map(|change| change.field).collect::<Vec<_>>(), ["max_bytes"]);
        assert_eq!(check(&broker, &options).await.expect("room").warnings, Vec::<String>::new());
        let append = Append { commits: (0..commits).map(|_| large(&Sample::user())).collect() };
        assert!(log.append(append).await.is_ok());
    }
}

/// A server at its own limit stores batches in part: the log must come to its limit before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_full_before_its_server_is() {
    for commits in [1, 3] {
        let small = NatsOptions { jetstream_max_file: Some(8 * 1024 * 1024), ..NatsOptions::default() };
        let site = Site::small(&small, None).await;
        let log = site.log().await;
        let stored = fill(&*log, commits).await;
        // Four fifths of nine tenths, at least.
        assert!((80..104).contains(&stored), "{stored}");
        assert_eq!(whole(&*log).await.len(), stored);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_may_store_less_than_the_log_is_refused() {
    const LIMIT: u64 = 8 * 1024 * 1024;
    let small = NatsOptions { jetstream_max_file: Some(LIMIT), ..NatsOptions::default() };
    let mut site = Site::small(&small, None).await;
    let options = CheckOptions { monitors: vec![site.servers.monitor()], ..CheckOptions::default() };
    assert!(check(&site.broker().await, &options).await.is_ok());
    let config = fs::read_to_string(site.servers.config()).expect("a file");
    let smaller = config.replace(&LIMIT.to_string(), &(LIMIT / 2).to_string());
    assert_ne!(config, smaller);
    fs::write(site.servers.config(), smaller).expect("written");
    site.servers.restart().expect("it comes back");
    let Err(CheckError::Settings(found)) = check(&site.broker().await, &options).await else {
        panic!("it is too small")
    };
    assert_eq!(found.iter().map(|difference| difference.field).collect::<Vec<_>>(), ["max_file_store"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_cluster_refuses_appends_and_keeps_all_it_has() {
    let site = Site::cluster().await;
    init(&site.broker().await, &InitOptions { max_bytes: Some(MAX_BYTES), ..init_options(3) })
        .await
        .expect("less room");
    let logs = [site.log().await, site.log().await];
    let stored: usize = join_all((0..8).map(|n| fill(&*logs[n % 2], 3))).await.into_iter().sum();
    assert!((10..16).contains(&stored), "{stored}");
    assert_eq!(whole(&*logs[0]).await.len(), stored);
}
