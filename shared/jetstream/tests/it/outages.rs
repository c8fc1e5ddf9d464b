//! Servers that end, stop, and come back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use twofold_domain::CommitId;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{Append, AppendError, EventLog, Expected, Seq, Stored};
use twofold_jetstream::JetStreamLog;
use twofold_test_support::NatsCluster;

use crate::support::{Site, group, is_maybe_stored, put, soon, until, whole};

const WRITERS: usize = 16;

/// What the writers were told of each commit.
#[derive(Debug, Default)]
struct Told {
    stored: HashMap<CommitId, Seq>,
    not_stored: Vec<CommitId>,
}

/// Writes chains of commits, now and then together with a second commit, until told to stop.
async fn write(log: Arc<JetStreamLog>, stop: CancellationToken) -> Told {
    let mut told = Told::default();
    let user = Sample::user();
    let mut expected = Expected::NoStream;
    for turn in 0_u32.. {
        let mut commits = vec![Sample::commit(&user, Some(expected))];
        if turn.is_multiple_of(3) {
            commits.push(Sample::first(&Sample::delivery()));
        }
        match log.append(Append { commits: commits.clone() }).await {
            Ok(appended) => {
                expected = Expected::Exact(appended.seqs[0]);
                told.stored.extend(commits.into_iter().map(|commit| commit.id).zip(appended.seqs));
            }
            Err(AppendError::Unavailable { maybe_appended: false, .. }) => {
                told.not_stored.extend(commits.into_iter().map(|commit| commit.id));
                sleep(Duration::from_millis(2)).await;
            }
            // As a caller would: whatever became of it, the subject itself says where it stands.
            Err(AppendError::Unavailable { maybe_appended: true, .. } | AppendError::Conflict { .. }) => {
                expected = loop {
                    if let Ok(last) = log.last_of_subject(&user).await {
                        break last.map_or(Expected::NoStream, |last| Expected::Exact(last.seq));
                    }
                    sleep(Duration::from_millis(2)).await;
                };
            }
            Err(other) => panic!("{other:?}"),
        }
        if stop.is_cancelled() {
            break;
        }
    }
    told
}

fn check(all: &[Stored], told: &[Told]) {
    let by_id: HashMap<&CommitId, Seq> = all.iter().map(|stored| (&stored.id, stored.seq)).collect();
    assert_eq!(by_id.len(), all.len(), "no commit twice");
    for told in told {
        for (id, seq) in &told.stored {
            assert_eq!(by_id.get(id), Some(seq), "acknowledged, so stored, and there");
        }
        for id in &told.not_stored {
            assert!(!by_id.contains_key(id), "called not stored, so not stored");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_server_loses_and_doubles_nothing() {
    let mut site = Site::alone().await;
    let log = site.log().await;
    let stop = CancellationToken::new();
    let writers: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(write(Arc::clone(&log), stop.clone()))).collect();
    for _ in 0..3 {
        let head = *log.watch().borrow();
        until("it goes on", async || log.head().await.is_ok_and(|now| now > head.plus(50))).await;
        let Site { servers, .. } = &mut site;
        servers.kill();
        servers.restart().expect("it comes back");
    }
    let head = *log.watch().borrow();
    until("it goes on", async || log.head().await.is_ok_and(|now| now > head.plus(50))).await;
    stop.cancel();
    let told: Vec<_> = join_all(writers).await.into_iter().map(|told| told.expect("no panic")).collect();
    assert!(told.iter().all(|told| !told.stored.is_empty()));
    check(&whole(&*log).await, &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_leader_loses_and_doubles_nothing() {
    let site = Site::cluster().await;
    let logs = [site.log().await, site.log().await];
    let stop = CancellationToken::new();
    let writers: Vec<_> = (0..WRITERS).map(|n| tokio::spawn(write(Arc::clone(&logs[n % 2]), stop.clone()))).collect();
    let mut servers = site.servers;
    for _ in 0..2 {
        let head = *logs[0].watch().borrow();
        until("it goes on", async || logs[0].head().await.is_ok_and(|now| now > head.plus(50))).await;
        servers = spawn_blocking(move || replace_the_leader(servers)).await.expect("no panic");
    }
    let head = *logs[0].watch().borrow();
    until("it goes on", async || logs[0].head().await.is_ok_and(|now| now > head.plus(50))).await;
    stop.cancel();
    let told: Vec<_> = join_all(writers).await.into_iter().map(|told| told.expect("no panic")).collect();
    check(&whole(&*logs[1]).await, &told);
}

/// Kills the stream's leader, waits for another one, and brings the old one back.
fn replace_the_leader(mut cluster: NatsCluster) -> NatsCluster {
    let leader = loop {
        if let Some(leader) = cluster.leader_of("TWOFOLD").expect("a node answers") {
            break leader;
        }
    };
    cluster.node_mut(leader).kill();
    while cluster.leader_of("TWOFOLD").expect("a node answers").is_none_or(|now| now == leader) {
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.node_mut(leader).restart().expect("it comes back");
    cluster
}

/// A server that hangs: what waits is bounded, and goes on when the server does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_may_wait_is_refused_and_what_waits_is_stored_later() {
    let site = Site::alone().await.with(|options| {
        options.max_in_flight = 4;
        options.deadline = Duration::from_hours(1);
        options.publish_timeout = Duration::from_hours(1);
    });
    let log = site.log().await;
    site.servers.pause().expect("paused");
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(group(2)).await })
        })
        .collect();
    until("no more may wait", async || log.in_flight() == 4).await;
    for _ in 0..3 {
        assert_eq!(soon("it is refused", log.append(group(1))).await, Err(AppendError::Overloaded));
    }
    site.servers.resume().expect("resumed");
    for append in waiting {
        assert!(soon("it is stored", append).await.expect("no panic").is_ok());
    }
    assert!(log.append(group(1)).await.is_ok());
    assert_eq!(whole(&*log).await.len(), 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_wait_are_bounded_too() {
    let site = Site::alone().await.with(|options| {
        options.max_in_flight_bytes = 300 * 1024;
        options.deadline = Duration::from_secs(1);
    });
    let log = site.log().await;
    let large = || {
        let mut append = group(1);
        append.commits[0].payload = vec![0; 200 * 1024].into();
        append
    };
    site.servers.pause().expect("paused");
    let first = tokio::spawn({
        let (log, append) = (Arc::clone(&log), large());
        async move { log.append(append).await }
    });
    until("the first waits", async || log.in_flight() == 1).await;
    assert_eq!(log.append(large()).await, Err(AppendError::Overloaded));
    let outcome = soon("the first gives up", first).await.expect("no panic");
    assert!(is_maybe_stored(&outcome), "{outcome:?}");
    site.servers.resume().expect("resumed");
    until("there is room again", async || log.append(large()).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_finishes_what_was_accepted_and_refuses_the_rest() {
    let site = Site::alone().await;
    let log = site.log().await;
    let accepted: Vec<_> = (0..200)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(group(2)).await })
        })
        .collect();
    until("some are on their way", async || log.in_flight() > 0).await;
    soon("it closes", log.close()).await;
    assert_eq!(log.in_flight(), 0);
    let refused = log.append(group(1)).await;
    assert!(crate::support::is_not_stored(&refused), "{refused:?}");
    let mut stored = 0;
    for append in accepted {
        match append.await.expect("no panic") {
            Ok(_) => stored += 2,
            refused => assert!(crate::support::is_not_stored(&refused), "{refused:?}"),
        }
    }
    assert_eq!(whole(&*site.log().await).await.len(), stored);
}

/// A handle that is dropped while something is on its way still sends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_handle_still_sends_what_it_accepted() {
    let site = Site::alone().await;
    let log = site.log().await;
    let append = group(1);
    {
        use futures_util::FutureExt as _;
        // One poll hands the append over.
        assert!(log.append(append.clone()).now_or_never().is_none());
    }
    drop(log);
    let other = site.log().await;
    until("it is stored", async || other.head().await == Ok(Seq(1))).await;
    assert_eq!(put(&*other, append.commits[0].clone()).await, Seq(1));
}
