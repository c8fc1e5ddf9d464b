//! Snapshots on a server.

use bytes::Bytes;
use twofold_domain::{TenantId, UserToken};
use twofold_event_log::{Seq, Snapshot, SnapshotStore, Subject};
use twofold_jetstream::JetStreamSnapshots;
use twofold_test_support::{NatsCluster, NatsOptions};

use super::support::{connect, prepared, server, solo, until};

fn user(n: u8) -> Subject {
    Subject::user(3, &TenantId::from_bytes([1; 16]), &UserToken::from_bytes([n; 16]))
}

fn snapshot(seq: u64, state: &'static [u8]) -> Snapshot {
    Snapshot { seq: Seq(seq), state: Bytes::from_static(state) }
}

async fn kept(store: &JetStreamSnapshots, subject: &Subject, snapshot: &Snapshot) {
    store.put(subject, snapshot.clone()).await.expect("sent");
    until("kept", async || store.get(subject).await.expect("answer").as_ref() == Some(snapshot)).await;
}

#[tokio::test]
async fn the_last_one_given_is_the_one_that_is_found() {
    let server = server();
    let store = JetStreamSnapshots::new(&solo(&server).await);
    assert_eq!(store.get(&user(1)).await.expect("answer"), None);
    kept(&store, &user(1), &snapshot(7, b"seven")).await;
    kept(&store, &user(1), &snapshot(u64::MAX, b"\0\xff")).await;
    kept(&store, &user(1), &snapshot(2, b"")).await;
    assert_eq!(store.get(&user(2)).await.expect("answer"), None);
    let other = JetStreamSnapshots::new(&connect(vec![server.url()]).await);
    assert_eq!(other.get(&user(1)).await.expect("answer"), Some(snapshot(2, b"")));
}

#[tokio::test]
async fn replicas_answer_too() {
    let cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    prepared(cluster.urls(), 3).await;
    for (n, url) in (0..).zip(cluster.urls()) {
        let store = JetStreamSnapshots::new(&connect(vec![url]).await);
        kept(&store, &user(n), &snapshot(1, b"state")).await;
    }
}

#[tokio::test]
async fn the_bucket_stays_within_its_bounds_and_forgets_the_oldest() {
    let server = server();
    let store = JetStreamSnapshots::new(&solo(&server).await);
    let state = Bytes::from(vec![7; 100_000]);
    for n in 0..20 {
        let large = Snapshot { seq: Seq(1), state: state.clone() };
        store.put(&user(n), large.clone()).await.expect("sent");
        until("kept", async || store.get(&user(n)).await.expect("answer").is_some()).await;
    }
    assert_eq!(store.get(&user(0)).await.expect("answer"), None);
    assert!(store.get(&user(19)).await.expect("answer").is_some());
}

#[tokio::test]
async fn what_is_too_much_is_dropped_and_nobody_waits() {
    let server = server();
    let store = JetStreamSnapshots::new(&solo(&server).await);
    let huge = Snapshot { seq: Seq(1), state: Bytes::from(vec![0; 300_000]) };
    assert!(store.put(&user(1), huge).await.is_err());
    server.pause().expect("paused");
    let mut refused = 0;
    for n in 0..100 {
        refused += u32::from(store.put(&user(n), snapshot(1, b"state")).await.is_err());
    }
    assert_eq!(refused, 36, "64 may be on their way");
    server.resume().expect("resumed");
    until("there is room again", async || store.put(&user(200), snapshot(1, b"state")).await.is_ok()).await;
}

#[tokio::test]
async fn without_a_broker_there_are_none_and_nobody_waits() {
    let mut server = server();
    let broker = solo(&server).await;
    let store = JetStreamSnapshots::new(&broker);
    server.kill();
    until("the loss is noticed", async || !broker.is_connected()).await;
    assert!(store.get(&user(1)).await.is_err());
    assert!(store.put(&user(1), snapshot(1, b"state")).await.is_err());
}
