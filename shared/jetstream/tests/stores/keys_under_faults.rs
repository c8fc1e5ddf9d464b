//! Keys while the broker is away, slow to answer, or mute.

use std::sync::Arc;

use async_nats::jetstream::stream;
use tokio::time::timeout;
use twofold_crypto::{KeyStore as _, Lookup};
use twofold_jetstream::keys_bucket_config;
use twofold_test_support::{Fault, FaultProxy};

use super::support::{SOON, connect, keys, on_disk, server, solo, until};

#[tokio::test]
async fn without_a_broker_every_answer_is_unavailable_and_comes_at_once() {
    let mut server = server();
    let broker = solo(&server).await;
    let store = keys(&broker);
    store.put_if_absent("a", vec![1]).await.expect("answer");
    server.kill();
    until("the loss is noticed", async || !broker.is_connected()).await;
    // 400 calls: were each to wait for its time limit, this would take a quarter of an hour.
    let refused = async {
        for _ in 0..100 {
            assert!(store.get("a").await.is_err());
            assert!(store.put_if_absent("b", vec![2]).await.is_err());
            assert!(store.replace("a", &[1], vec![2]).await.is_err());
            assert!(store.destroy("a").await.is_err());
        }
    };
    timeout(SOON, refused).await.expect("at once");
    server.restart().expect("restarted");
    until("answers", async || store.get("a").await.is_ok()).await;
    assert_eq!(store.get("a").await.expect("answer"), Lookup::Present(vec![1]));
    assert_eq!(store.get("b").await.expect("answer"), Lookup::Absent, "nothing was sent afterwards");
}

#[tokio::test]
async fn lost_acknowledgements_are_settled_by_reading() {
    let server = server();
    let broker = solo(&server).await;
    let store = keys(&broker);
    // The server stores and says nothing.
    let mute = stream::Config { no_ack: true, ..keys_bucket_config(broker.names(), 1) };
    broker.jetstream().update_stream(mute).await.expect("changed");
    assert_eq!(store.put_if_absent("a", vec![7; 65]).await.expect("answer"), Lookup::Present(vec![7; 65]));
    assert_eq!(store.put_if_absent("a", vec![8; 65]).await.expect("answer"), Lookup::Present(vec![7; 65]));
    assert!(store.replace("a", &[7; 65], vec![9; 65]).await.expect("answer"));
    assert!(!on_disk(server.store_dir(), &[7; 65]));
    assert!(store.destroy("a").await.expect("answer"));
    assert!(!on_disk(server.store_dir(), &[9; 65]));
    assert!(!store.destroy("never").await.expect("answer"));
    assert_eq!(store.get("never").await.expect("answer"), Lookup::Destroyed);
}

#[tokio::test]
async fn a_key_stored_over_a_link_that_breaks_is_the_key() {
    let server = server();
    solo(&server).await;
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()).into()).await.expect("proxy");
    let behind = keys(&connect(vec![proxy.url("nats")]).await);
    let direct = keys(&connect(vec![server.url()]).await);
    proxy.set(Fault::DropDown);
    let storing = tokio::spawn({
        let behind = Arc::clone(&behind);
        async move { behind.put_if_absent("a", vec![7; 65]).await }
    });
    until("stored", async || direct.get("a").await.expect("answer") != Lookup::Absent).await;
    proxy.set(Fault::None);
    // Answered or unavailable, never another key.
    let answer = storing.await.expect("no panic");
    assert!(answer.is_err() || answer.is_ok_and(|held| held == Lookup::Present(vec![7; 65])));
    until("the link heals", async || behind.get("a").await.is_ok()).await;
    assert_eq!(behind.put_if_absent("a", vec![8; 65]).await.expect("answer"), Lookup::Present(vec![7; 65]));
}

#[tokio::test]
async fn a_broker_that_hangs_is_unavailable_before_long() {
    let server = server();
    let store = keys(&solo(&server).await);
    store.put_if_absent("a", vec![1]).await.expect("answer");
    server.pause().expect("paused");
    let answer = timeout(SOON, store.get("a")).await.expect("an answer");
    assert!(answer.is_err());
    server.resume().expect("resumed");
    until("answers", async || store.get("a").await.is_ok()).await;
}
