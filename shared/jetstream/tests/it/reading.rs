//! Reading without making the server search, and from replicas that are behind or hang.

use std::time::Duration;

use tokio::time::timeout;
use twofold_event_log::conformance::{Sample, order};
use twofold_event_log::{Append, Category, EventLog, MAX_READ_COMMITS, Seq, Stored};

use crate::support::{Site, group, put, soon, whole};

fn seqs(stored: &[Stored]) -> Vec<u64> {
    stored.iter().map(|stored| stored.seq.0).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_reads_the_same_backwards() {
    order::a_subject_reads_from_any_position(&Site::alone().await.with(|options| options.search_span = 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_reads_the_same_by_asking_for_its_subjects() {
    order::a_category_reads_in_both_directions(&Site::alone().await.with(|options| options.search_span = 0)).await;
}

/// More commits than are read backwards one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_history_reads_whole_from_any_position() {
    for search_span in [0, 50, u64::MAX] {
        let site = Site::alone().await.with(|options| options.search_span = search_span);
        let log = site.log().await;
        let (user, mut own) = (Sample::user(), Vec::new());
        for n in 0..150 {
            let commit = own.last().map_or_else(|| Sample::first(&user), |last| Sample::next(&user, *last));
            own.push(put(&*log, commit).await);
            if n % 10 == 0 {
                log.append(group(5)).await.expect("appended");
            }
        }
        for after in [0, 1, 20, 60, 100, 149] {
            let after = if after == 0 { Seq::ZERO } else { own[after] };
            let mut read = Vec::new();
            let mut position = after;
            while let page = log.read_subject(&user, position, 70).await.expect("reads")
                && let Some(last) = page.last()
            {
                position = last.seq;
                read.extend(page);
            }
            let expected: Vec<u64> = own.iter().filter(|seq| **seq > after).map(|seq| seq.0).collect();
            assert_eq!(seqs(&read), expected, "after {after}, span {search_span}");
        }
    }
}

/// Configuration far apart, read by a handle that knows some of it already, and by new ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configuration_is_followed_over_long_stretches() {
    let site = Site::alone().await.with(|options| options.search_span = 20);
    let (log, writer) = (site.log().await, site.log().await);
    let tenants: Vec<_> = (0..4).map(|_| Sample::tenant()).collect();
    let mut last = std::collections::HashMap::new();
    let mut all = Vec::new();
    let mut followed = Vec::new();
    for round in 0..6_usize {
        for tenant in [&tenants[round % 4], &tenants[(round + 1) % 4]] {
            let commit = last.get(tenant).map_or_else(|| Sample::first(tenant), |seq| Sample::next(tenant, *seq));
            let seq = put(&*writer, commit).await;
            last.insert(tenant.clone(), seq);
            all.push(seq.0);
        }
        for _ in 0..round {
            writer.append(group(8)).await.expect("appended");
        }
        let after = followed.last().copied().map_or(Seq::ZERO, Seq);
        followed.extend(seqs(&log.read_category(Category::Config, after, 100).await.expect("reads")));
        assert_eq!(followed, all, "round {round}");
        let fresh = site.log().await;
        assert_eq!(seqs(&fresh.read_category(Category::Config, Seq::ZERO, 100).await.expect("reads")), all);
        assert_eq!(seqs(&fresh.read_category(Category::Config, Seq(all[all.len() / 2]), 2).await.expect("reads")), {
            all[all.len() / 2 + 1..].iter().copied().take(2).collect::<Vec<_>>()
        });
        let back = fresh.read_category_back(Category::Config, Seq::MAX, 100).await.expect("reads");
        assert_eq!(seqs(&back), all.iter().rev().copied().collect::<Vec<_>>());
    }
}

/// A reader that gives up in the middle, wherever that is, leaves nothing half learnt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_look_at_the_configuration_goes_on_later() {
    let site = Site::alone().await.with(|options| options.search_span = 0);
    let writer = site.log().await;
    for _ in 0..40 {
        writer
            .append(Append { commits: (0..8).map(|_| Sample::first(&Sample::tenant())).collect() })
            .await
            .expect("ok");
    }
    let log = site.log().await;
    let mut patience = Duration::from_micros(100);
    let read = loop {
        match timeout(patience, log.read_category(Category::Config, Seq::ZERO, 1000)).await {
            Ok(page) => break page.expect("reads"),
            Err(_) => patience = patience * 5 / 4,
        }
    };
    assert_eq!(seqs(&read), (1..=320).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_page_spans_many_pages_of_the_log() {
    let site = Site::alone().await;
    let log = site.log().await;
    let entry = Sample::commit(&Sample::delivery(), Some(twofold_event_log::Expected::NoStream));
    for n in 0..300 {
        let mut append = group(8);
        if n == 140 {
            append.commits[3] = entry.clone();
        }
        log.append(append).await.expect("appended");
    }
    let expected = [140 * 8 + 4];
    assert_eq!(seqs(&log.read_category(Category::Delivery, Seq::ZERO, 5).await.expect("reads")), expected);
    assert_eq!(seqs(&log.read_category_back(Category::Delivery, Seq::MAX, 5).await.expect("reads")), expected);
    assert_eq!(log.read_category(Category::User, Seq::ZERO, usize::MAX).await.expect("reads").len(), MAX_READ_COMMITS);
    let back = log.read_category_back(Category::User, Seq(2000), usize::MAX).await.expect("reads");
    assert_eq!((back.len(), back[0].seq), (MAX_READ_COMMITS, Seq(1999)));
}

/// Two replicas hang. The leader and the third still have a majority, and every read ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_hangs_holds_up_no_reader() {
    let site = Site::cluster().await;
    let leader = site.servers.leader_of("TWOFOLD").expect("asked").expect("a leader");
    let to_leader = Site { urls: vec![site.urls[leader].clone()], ..site };
    let log = to_leader.log().await;
    let user = Sample::user();
    let mut last = put(&*log, Sample::first(&user)).await;
    for _ in 0..20 {
        last = put(&*log, Sample::next(&user, last)).await;
    }
    to_leader.servers.node((leader + 1) % 3).pause().expect("paused");
    for _ in 0..6 {
        assert_eq!(soon("all is read", whole(&*log)).await.len(), 21);
        assert_eq!(
            soon("the subject is read", log.read_subject(&user, Seq::ZERO, 100)).await.expect("reads").len(),
            21
        );
    }
    last = put(&*log, Sample::next(&user, last)).await;
    assert_eq!(log.last_of_subject(&user).await.expect("reads").map(|stored| stored.seq), Some(last));
}
