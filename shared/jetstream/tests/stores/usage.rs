//! Usage on servers: the suite, several nodes, and servers that are not there.

use std::sync::Arc;

use twofold_event_log::conformance::usage::Store;
use twofold_event_log::{BoxFuture, Counter, UsageError, UsageStore, Window};
use twofold_jetstream::JetStreamUsage;
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

use super::support::{connect, prepared, server, solo, until};

#[derive(Debug)]
struct OnServer {
    usage: JetStreamUsage,
    _server: NatsServer,
}

impl UsageStore for OnServer {
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        self.usage.add(counters, by)
    }
    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        self.usage.read(counters)
    }
}

async fn on_server() -> Store {
    let server = server();
    let usage = JetStreamUsage::new(&solo(&server).await);
    Arc::new(OnServer { usage, _server: server })
}

twofold_event_log::usage_suite!(on_server());

fn counter(name: &str) -> [Counter; 1] {
    [Counter::new(name, Window::Hour(500_000)).expect("a counter")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_at_every_server_of_a_cluster_count_together() {
    let cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    prepared(cluster.urls(), 3).await;
    let mut nodes = Vec::new();
    for url in cluster.urls() {
        nodes.push(JetStreamUsage::new(&connect(vec![url]).await));
    }
    let mut total = 0;
    for _ in 0..20 {
        for node in &nodes {
            total += 1;
            assert_eq!(node.add(&counter("together"), 1).await, Ok(vec![total]));
        }
    }
    for node in &nodes {
        until("every replica knows", async || node.read(&counter("together")).await == Ok(vec![total])).await;
    }
}

#[tokio::test]
async fn totals_survive_the_death_of_the_server() {
    let mut server = server();
    let broker = solo(&server).await;
    let usage = JetStreamUsage::new(&broker);
    assert_eq!(usage.add(&counter("kept"), 3).await, Ok(vec![3]));
    server.kill();
    until("the loss is noticed", async || !broker.is_connected()).await;
    assert!(matches!(usage.add(&counter("kept"), 1).await, Err(UsageError::Unavailable(_))), "nobody waits");
    assert!(matches!(usage.read(&counter("kept")).await, Err(UsageError::Unavailable(_))));
    server.restart().expect("restarted");
    until("the total is back", async || usage.read(&counter("kept")).await == Ok(vec![3])).await;
    assert_eq!(usage.add(&counter("kept"), 1).await, Ok(vec![4]));
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_counts_goes_on_from_there() {
    let mut server = server();
    let broker = solo(&server).await;
    let usage = JetStreamUsage::new(&broker);
    for total in 1..=500 {
        assert_eq!(usage.add(&counter("killed"), 1).await, Ok(vec![total]));
    }
    server.kill();
    server.restart().expect("restarted");
    let mut kept = Vec::new();
    until("it answers", async || {
        let read = usage.read(&counter("killed")).await;
        read.is_ok_and(|totals| {
            kept = totals;
            true
        })
    })
    .await;
    assert_eq!(kept, [500]);
    assert_eq!(usage.add(&counter("killed"), 1).await, Ok(vec![kept[0] + 1]));
}

#[tokio::test]
async fn without_its_stream_nothing_is_counted() {
    let server = server();
    let usage = JetStreamUsage::new(&connect(vec![server.url()]).await);
    assert!(matches!(usage.add(&counter("nowhere"), 1).await, Err(UsageError::Unavailable(_))));
    assert!(matches!(usage.read(&counter("nowhere")).await, Err(UsageError::Unavailable(_))));
}

#[tokio::test]
async fn a_full_stream_forgets_what_was_not_counted_in_for_longest() {
    let server = server();
    let usage = JetStreamUsage::new(&solo(&server).await);
    usage.add(&counter("oldest"), 7).await.expect("counted");
    usage.add(&counter("busy"), 1).await.expect("counted");
    let padding = "x".repeat(100);
    let mut busy = 1;
    until("the oldest gives way", async || {
        for n in 0..200 {
            usage.add(&counter(&format!("{padding}.{busy}-{n}")), 1).await.expect("counted");
        }
        busy += 1;
        assert_eq!(usage.add(&counter("busy"), 1).await, Ok(vec![busy]));
        usage.read(&counter("oldest")).await == Ok(vec![0])
    })
    .await;
}
