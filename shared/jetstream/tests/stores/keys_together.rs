//! Many first keys at once.

use futures_util::future::join_all;
use twofold_crypto::{KeyStore as _, Lookup};
use twofold_jetstream::JetStreamKeyStore;
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

use super::support::{connect, keys, on_disk, prepared, server, solo};

const CROWD: usize = 500;

fn wrap(n: usize) -> Vec<u8> {
    format!("wrap {n} of a crowd, as long as they are: some sixty-five bytes...").into_bytes()
}

/// What everybody of a crowd is answered.
async fn put_all(store: &JetStreamKeyStore, owners: impl Iterator<Item = usize>) -> Vec<Lookup> {
    let put = async |n: usize| store.put_if_absent(&format!("tn/us{n}"), wrap(n)).await.expect("answer");
    join_all(owners.map(put)).await
}

async fn everybody_has_their_own(store: &JetStreamKeyStore) {
    for (n, held) in put_all(store, 0..CROWD).await.into_iter().enumerate() {
        assert_eq!(held, Lookup::Present(wrap(n)));
    }
    for n in [0, 1, 77, CROWD - 1] {
        assert_eq!(store.get(&format!("tn/us{n}")).await.expect("answer"), Lookup::Present(wrap(n)));
    }
}

fn sent_by(server: &NatsServer) -> u64 {
    server.monitoring("/varz").expect("an answer")["out_msgs"].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_owners_costs_a_few_answers_of_the_server() {
    let server = server();
    let store = keys(&solo(&server).await);
    let before = sent_by(&server);
    everybody_has_their_own(&store).await;
    let answers = sent_by(&server) - before;
    assert!(answers < CROWD as u64 / 4, "{answers} answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_owners_is_stored_on_three_servers() {
    let cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    let first = keys(&prepared(cluster.urls(), 3).await);
    let second = keys(&connect(cluster.urls()).await);
    // Two processes with half of the owners in common.
    let (left, right) = tokio::join!(put_all(&first, 0..CROWD), put_all(&second, CROWD / 2..CROWD * 3 / 2));
    for (n, held) in left.into_iter().enumerate().chain((CROWD / 2..).zip(right)) {
        assert_eq!(held, Lookup::Present(wrap(n)));
    }
    everybody_has_their_own(&first).await;
}

/// Each in a crowd, so that both are in batches, of one process or of two.
async fn one_of_two_wins(first: &JetStreamKeyStore, second: &JetStreamKeyStore) {
    let crowd = |from: usize| from..from + 40;
    let put = async |store: &JetStreamKeyStore, wrapped: &[u8]| {
        store.put_if_absent("twice", wrapped.to_vec()).await.expect("answer")
    };
    let (_, left, _, right) = tokio::join!(
        put_all(first, crowd(0)),
        put(first, b"left"),
        put_all(second, crowd(1000)),
        put(second, b"right")
    );
    assert_eq!(left, right);
    assert!(left == Lookup::Present(b"left".to_vec()) || left == Lookup::Present(b"right".to_vec()), "{left:?}");
    assert_eq!(first.get("twice").await.expect("answer"), left);
    let owners = || crowd(0).chain(crowd(1000));
    assert_eq!(put_all(second, owners()).await, owners().map(|n| Lookup::Present(wrap(n))).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_put_the_same_owner_at_once_are_answered_the_same_key() {
    let server = server();
    let store = keys(&solo(&server).await);
    one_of_two_wins(&store, &store).await;
    let server = self::server();
    let store = keys(&solo(&server).await);
    one_of_two_wins(&store, &keys(&connect(vec![server.url()]).await)).await;
    let cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    let store = keys(&prepared(cluster.urls(), 3).await);
    one_of_two_wins(&store, &keys(&connect(cluster.urls()).await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_crowd_a_destroyed_owner_stays_destroyed_and_the_others_have_their_keys() {
    let server = server();
    let store = keys(&solo(&server).await);
    assert_eq!(put_all(&store, 0..100).await.len(), 100);
    assert!(store.destroy("tn/us7").await.expect("answer"));
    assert!(!on_disk(server.store_dir(), &wrap(7)), "erased, although it came in a batch");
    assert!(on_disk(server.store_dir(), &wrap(8)), "the check itself works");
    for (n, held) in put_all(&store, 0..200).await.into_iter().enumerate() {
        assert_eq!(held, if n == 7 { Lookup::Destroyed } else { Lookup::Present(wrap(n)) }, "{n}");
    }
    assert!(!on_disk(server.store_dir(), &wrap(7)), "nor is the refused one there");
}
