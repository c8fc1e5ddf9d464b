//! What is left of a key on the servers' disks.

use twofold_crypto::{KeyStore as _, Lookup};
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

use super::support::{keys, on_disk, prepared, server, solo, until};

const CANARY: &[u8] = b"canary-wrap-7f3a9c";

/// Fills more than one block of the server's files.
async fn filled(server: &NatsServer) -> impl twofold_crypto::KeyStore + use<> {
    let broker = solo(server).await;
    let store = keys(&broker);
    store.put_if_absent("a", CANARY.to_vec()).await.expect("answer");
    store.put_if_absent("b", CANARY.to_vec()).await.expect("answer");
    for n in 0..30_u8 {
        store.put_if_absent(&format!("other{n}"), vec![n; 500_000]).await.expect("answer");
    }
    store.as_ref().clone()
}

#[tokio::test]
async fn no_file_of_the_server_holds_a_destroyed_or_replaced_wrap() {
    let server = server();
    let store = filled(&server).await;
    assert!(on_disk(server.store_dir(), CANARY), "the check itself works");
    assert!(store.destroy("a").await.expect("answer"));
    assert!(on_disk(server.store_dir(), CANARY), "the other one is still there");
    assert!(store.replace("b", CANARY, vec![1; 65]).await.expect("answer"));
    assert!(!on_disk(server.store_dir(), CANARY));
    assert_eq!(store.get("b").await.expect("answer"), Lookup::Present(vec![1; 65]));
}

#[tokio::test]
async fn a_destroyed_wrap_does_not_come_back_with_the_server() {
    let mut server = server();
    let store = filled(&server).await;
    store.destroy("a").await.expect("answer");
    store.destroy("b").await.expect("answer");
    server.restart().expect("restarted");
    until("answers", async || store.get("a").await.is_ok()).await;
    assert_eq!(store.get("a").await.expect("answer"), Lookup::Destroyed);
    assert_eq!(store.get("other29").await.expect("answer"), Lookup::Present(vec![29; 500_000]));
    assert!(!on_disk(server.store_dir(), CANARY));
}

#[tokio::test]
async fn what_an_interrupted_destruction_left_is_erased_by_the_next() {
    let server = server();
    let broker = solo(&server).await;
    let store = keys(&broker);
    for wrapped in [CANARY, b"canary-wrap-7f3a9c, renewed"] {
        // As a process that was killed between writing and erasing leaves them.
        broker.jetstream().publish("$KV.TWOFOLD_keys.a", wrapped.into()).await.expect("sent").await.expect("stored");
    }
    let mut tombstone = async_nats::HeaderMap::new();
    tombstone.insert("Tf-Tombstone", "1");
    let ack = broker.jetstream().publish_with_headers("$KV.TWOFOLD_keys.a", tombstone, "".into()).await;
    ack.expect("sent").await.expect("stored");
    assert_eq!(store.get("a").await.expect("answer"), Lookup::Destroyed);
    assert!(on_disk(server.store_dir(), CANARY));
    assert!(!store.destroy("a").await.expect("answer"));
    assert!(!on_disk(server.store_dir(), CANARY));
}

#[tokio::test]
async fn every_replica_of_the_bucket_erases() {
    let cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    let store = keys(&prepared(cluster.urls(), 3).await);
    let held = || {
        let in_bucket = |n: usize| {
            let streams = cluster.node(n).store_dir().join("jetstream/$G/streams/KV_TWOFOLD_keys");
            on_disk(&streams, CANARY)
        };
        (0..3).filter(|n| in_bucket(*n)).count()
    };
    store.put_if_absent("a", CANARY.to_vec()).await.expect("answer");
    until("all replicas have it", async || held() == 3).await;
    store.destroy("a").await.expect("answer");
    until("no replica has it", async || held() == 0).await;
}
