//! What the server did and did not say.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{Append, AppendError, EventLog, Expected, Seq};
use twofold_jetstream::{Broker, JetStreamLog};
use twofold_test_support::Fault;

use crate::support::{Site, group, is_maybe_stored, is_not_stored, put, soon, start, until, whole};

const EVER: Duration = Duration::from_hours(1);

/// A single message and a group: each is stored while its answer is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_was_lost_is_found_where_it_is() {
    let site = Site::alone().await.with(|options| options.deadline = EVER);
    let direct = site.log().await;
    let (proxy, _broker, log) = site.behind_a_proxy().await;
    let mut commits = 0;
    for append in [group(1), group(3)] {
        let vanished = proxy.lost();
        proxy.set(Fault::DropDown);
        let answer = start(&log, &append);
        until("an answer is lost", async || proxy.lost() > vanished).await;
        proxy.set(Fault::None);
        let appended = soon("the append is settled", answer).await.expect("no panic").expect("stored");
        commits += append.commits.len();
        assert_eq!(appended.seqs.last(), Some(&Seq(commits as u64)));
        let stored = whole(&*direct).await;
        assert_eq!(stored.len(), commits);
        for (commit, seq) in append.commits.iter().zip(appended.seqs) {
            let there = &stored[usize::try_from(seq.0 - 1).expect("small")];
            assert_eq!((&there.subject, &there.id), (&commit.subject, &commit.id));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_found_even_when_others_have_gone_on_behind_it() {
    let site = Site::alone().await.with(|options| options.deadline = EVER);
    let direct = site.log().await;
    let (proxy, _broker, log) = site.behind_a_proxy().await;
    for followers in [1, 3, 80] {
        let user = Sample::user();
        let before = put(&*direct, Sample::first(&user)).await;
        let append = Append::one(Sample::next(&user, before));
        let vanished = proxy.lost();
        proxy.set(Fault::DropDown);
        let answer = start(&log, &append);
        until("an answer is lost", async || proxy.lost() > vanished).await;
        let mut last = direct.last_of_subject(&user).await.expect("reads").expect("stored").seq;
        let ours = last;
        assert!(ours > before);
        for _ in 0..followers {
            last = put(&*direct, Sample::next(&user, last)).await;
        }
        proxy.set(Fault::None);
        let appended = soon("the append is settled", answer).await.expect("no panic").expect("stored");
        assert_eq!(appended.seqs, [ours]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_arrived_is_sent_again() {
    let site = Site::alone().await.with(|options| options.deadline = EVER);
    let (proxy, _broker, log) = site.behind_a_proxy().await;
    for commits in [1, 3] {
        let before = whole(&*site.log().await).await.len();
        let vanished = proxy.lost();
        proxy.set(Fault::DropUp);
        let answer = start(&log, &group(commits));
        until("the request is lost", async || proxy.lost() > vanished).await;
        proxy.set(Fault::None);
        soon("the append is settled", answer).await.expect("no panic").expect("stored");
        assert_eq!(whole(&*log).await.len(), before + commits);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_arrived_and_was_overtaken_is_a_conflict() {
    let site = Site::alone().await.with(|options| options.deadline = EVER);
    let direct = site.log().await;
    let (proxy, _broker, log) = site.behind_a_proxy().await;
    let (user, other) = (Sample::user(), Sample::user());
    let append = Append { commits: vec![Sample::first(&other), Sample::first(&user)] };
    let vanished = proxy.lost();
    proxy.set(Fault::DropUp);
    let answer = start(&log, &append);
    until("the request is lost", async || proxy.lost() > vanished).await;
    let faster = put(&*direct, Sample::first(&user)).await;
    let last = put(&*direct, Sample::next(&user, faster)).await;
    proxy.set(Fault::None);
    let outcome = soon("the append is settled", answer).await.expect("no panic");
    assert_eq!(outcome, Err(AppendError::Conflict { subject: user, actual: Some(last) }));
    assert_eq!(direct.last_of_subject(&other).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_answer_it_may_be_stored_and_repeating_it_settles_that() {
    let site = Site::alone().await.with(|options| options.deadline = Duration::from_millis(300));
    let (proxy, broker, log) = site.behind_a_proxy().await;
    for (fault, commits) in [(Fault::DropDown, 1), (Fault::DropDown, 3), (Fault::DropUp, 1), (Fault::HalfOpen, 2)] {
        let before = whole(&*site.log().await).await.len();
        let append = group(commits);
        proxy.set(fault);
        let outcome = soon("the append gives up", log.append(append.clone())).await;
        assert!(is_maybe_stored(&outcome), "{fault:?}: {outcome:?}");
        proxy.set(Fault::None);
        until("the append is possible again", async || {
            broker.is_connected() && log.append(append.clone()).await.is_ok()
        })
        .await;
        let appended = log.append(append.clone()).await.expect("repeated");
        assert_eq!(whole(&*log).await.len(), before + commits, "{fault:?}");
        assert_eq!(appended.seqs.len(), commits);
    }
}

/// Without a connection nothing is handed over, so nothing can arrive after the caller was told that it is not stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_connection_an_append_fails_at_once_and_for_good() {
    let site = Site::alone().await.with(|options| {
        options.deadline = EVER;
        options.publish_timeout = EVER;
    });
    let (proxy, broker, log) = site.behind_a_proxy().await;
    proxy.set(Fault::Refuse);
    until("the connection is lost", async || !broker.is_connected()).await;
    for append in [group(1), group(3), Append::one(Sample::commit(&Sample::ledger(), None))] {
        let outcome = soon("it fails", log.append(append)).await;
        assert!(is_not_stored(&outcome), "{outcome:?}");
    }
    assert!(log.head().await.is_err() && log.read_all(Seq::ZERO, 1).await.is_err());
    proxy.set(Fault::None);
    until("the connection is back", async || broker.is_connected()).await;
    assert_eq!(put(&*log, Sample::first(&Sample::user())).await, Seq(1));
}

/// Many at once, on a connection that is cut again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_line_neither_loses_nor_doubles_anything() {
    let site = Site::alone().await.with(|options| options.deadline = EVER);
    let direct = site.log().await;
    let (proxy, broker, log) = site.behind_a_proxy().await;
    let stop = CancellationToken::new();
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let (log, broker, stop) = (Arc::clone(&log), broker.clone(), stop.clone());
            tokio::spawn(async move { write_chain(&log, &broker, &stop).await })
        })
        .collect();
    for fault in [Fault::DropDown, Fault::DropUp, Fault::Reset].repeat(4) {
        let head = direct.head().await.expect("reads");
        until("it goes on", async || direct.head().await.expect("reads") > head).await;
        let vanished = proxy.lost();
        proxy.set(fault);
        until("it hurts", async || proxy.lost() > vanished || !broker.is_connected()).await;
        proxy.set(Fault::None);
    }
    stop.cancel();
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged += soon("the writer ends", writer).await.expect("no panic");
    }
    let ids: HashSet<_> = whole(&*direct).await.into_iter().map(|stored| stored.id).collect();
    assert_eq!((ids.len(), direct.head().await), (acknowledged, Ok(Seq(acknowledged as u64))));
}

/// Commits of one user, each on the one before. Every one is acknowledged in the end.
async fn write_chain(log: &JetStreamLog, broker: &Broker, stop: &CancellationToken) -> usize {
    let user = Sample::user();
    let mut expected = Expected::NoStream;
    let mut acknowledged = 0;
    while !stop.is_cancelled() {
        let commit = Sample::commit(&user, Some(expected));
        let seq = loop {
            match log.append(Append::one(commit.clone())).await {
                Ok(appended) => break appended.seqs[0],
                Err(AppendError::Unavailable { .. }) => {
                    while !broker.is_connected() {
                        sleep(Duration::from_millis(1)).await;
                    }
                }
                Err(other) => panic!("{other:?}"),
            }
        };
        acknowledged += 1;
        expected = Expected::Exact(seq);
    }
    acknowledged
}
