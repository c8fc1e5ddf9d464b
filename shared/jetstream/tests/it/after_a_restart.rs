//! What a restarted server shows, it may not have synced: a killed one syncs what it wrote only with the next message.

use std::time::Duration;

use tokio::time::timeout;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{EventLog as _, Seq};
use twofold_test_support::Fault;

use crate::support::{Site, group, is_maybe_stored, put, soon, start, until, whole};

/// Far longer than a look takes.
const A_WHILE: Duration = Duration::from_millis(500);
const EVER: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_is_only_seen_waits_for_one_that_is_acknowledged() {
    let mut site = Site::alone().await.with(|options| options.deadline = EVER);
    for commits in [1, 3] {
        let (proxy, _broker, log) = site.behind_a_proxy().await;
        let before = whole(&*log).await.len();
        let vanished = proxy.lost();
        proxy.set(Fault::DropDown);
        let mut answer = start(&log, &group(commits));
        until("the answer is lost", async || proxy.lost() > vanished).await;
        let direct = site.log().await;
        until("it is stored", async || whole(&*direct).await.len() == before + commits).await;
        site.servers.kill();
        site.servers.restart().expect("it comes back");
        proxy.set(Fault::None);
        until("it is seen", async || log.read_all(Seq::ZERO, 1).await.is_ok()).await;
        assert!(timeout(A_WHILE, &mut answer).await.is_err(), "answered although it may not be synced");
        let another = put(&*log, Sample::first(&Sample::user())).await;
        let appended = soon("the append is settled", answer).await.expect("no panic").expect("stored");
        assert_eq!(appended.seqs.last().map(|last| last.plus(1)), Some(another));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_that_is_only_seen_is_answered_with_a_doubt_until_then() {
    let mut site = Site::alone().await.with(|options| options.deadline = A_WHILE);
    let append = group(2);
    let log = site.log().await;
    let first = site.log().await.append(append.clone()).await.expect("stored");
    site.servers.kill();
    site.servers.restart().expect("it comes back");
    until("the connection is back", async || log.head().await.is_ok()).await;
    let outcome = log.append(append.clone()).await;
    assert!(is_maybe_stored(&outcome), "{outcome:?}");
    put(&*log, Sample::first(&Sample::user())).await;
    assert_eq!(log.append(append).await, Ok(first));
    assert_eq!(whole(&*log).await.len(), 3);
}
