use std::time::Duration;

use async_nats::jetstream::{self, stream};
use twofold_test_support::{NatsCluster, NatsOptions, NatsServer};

use crate::eventually;

async fn context(urls: &[String]) -> jetstream::Context {
    jetstream::new(async_nats::connect(urls).await.unwrap())
}

fn config(replicas: usize) -> stream::Config {
    stream::Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept.>".to_owned()],
        num_replicas: replicas,
        ..stream::Config::default()
    }
}

async fn publish(context: &jetstream::Context) -> u64 {
    context.publish("kept.one", "word".into()).await.unwrap().await.unwrap().sequence
}

#[tokio::test]
async fn a_killed_server_comes_back_where_it_was_with_what_it_kept() {
    let mut server = NatsServer::start(&NatsOptions::default()).unwrap();
    let (url, pid) = (server.url(), server.pid());
    let before = context(&[server.url()]).await;
    before.create_stream(config(1)).await.unwrap();
    assert_eq!(publish(&before).await, 1);

    server.kill();
    assert!(async_nats::connect(server.url()).await.is_err());
    server.restart().unwrap();
    assert_eq!(server.url(), url);
    assert_ne!(server.pid(), pid);
    assert_eq!(publish(&context(&[server.url()]).await).await, 2);
}

#[tokio::test]
async fn options_reach_the_server() {
    let chosen = tempfile::tempdir().unwrap();
    let options = NatsOptions {
        jetstream_max_file: Some(8 << 20),
        extra: "max_payload: 4096".to_owned(),
        store_dir: Some(chosen.path().to_owned()),
        ..NatsOptions::default()
    };
    let server = NatsServer::start(&options).unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    assert_eq!(client.server_info().max_payload, 4096);
    assert!(chosen.path().join("jetstream").is_dir());
    let varz = server.monitoring("/varz").unwrap();
    assert_eq!(varz["jetstream"]["config"]["max_storage"], 8 << 20);
    assert_eq!(varz["jetstream"]["config"]["sync_always"], true);

    let lazy = NatsServer::start(&NatsOptions { sync_always: false, ..NatsOptions::default() }).unwrap();
    let varz = lazy.monitoring("/varz").unwrap();
    assert_ne!(varz["jetstream"]["config"]["sync_always"], true);
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let options = NatsOptions { extra: "no_such_setting: 1".to_owned(), ..NatsOptions::default() };
    let error = NatsServer::start(&options).unwrap_err();
    assert!(format!("{error:#}").contains("no_such_setting"), "{error:#}");
}

#[tokio::test]
async fn a_paused_server_answers_again_once_resumed() {
    let server = NatsServer::start(&NatsOptions::default()).unwrap();
    let before = context(&[server.url()]).await;
    before.create_stream(config(1)).await.unwrap();
    server.pause().unwrap();
    let silent = async_nats::ConnectOptions::new().connection_timeout(Duration::from_millis(300));
    assert!(silent.connect(server.url()).await.is_err());
    let unanswered = before.publish("kept.one", "word".into()).await.unwrap();
    server.resume().unwrap();
    assert_eq!(unanswered.await.unwrap().sequence, 1);
}

#[tokio::test]
async fn a_cluster_replicates_elects_anew_and_takes_a_killed_node_back() {
    let mut cluster = NatsCluster::start(&NatsOptions::default()).unwrap();
    let context = context(&cluster.urls()).await;
    assert_eq!(cluster.leader_of("KEPT").unwrap(), None);
    context.create_stream(config(3)).await.unwrap();
    assert_eq!(publish(&context).await, 1);

    let first = leader(&cluster);
    tell_apart_the_leaders_of_many_streams(&cluster, &context).await;
    cluster.node_mut(first).kill();
    let second = leader(&cluster);
    assert_ne!(first, second);
    cluster.node_mut(first).restart().unwrap();
    cluster.wait_until_whole().unwrap();

    cluster.restart().unwrap();
    leader(&cluster);
    let again = async_nats::connect(cluster.urls()).await.unwrap();
    let mut stream = jetstream::new(again).get_stream("KEPT").await.unwrap();
    assert!(stream.info().await.unwrap().state.messages >= 1);
}

async fn tell_apart_the_leaders_of_many_streams(cluster: &NatsCluster, context: &jetstream::Context) {
    for number in 0..6 {
        let (name, subjects) = (format!("MANY{number}"), vec![format!("many.{number}")]);
        let many = stream::Config { name: name.clone(), subjects, ..config(3) };
        let leader = context.create_stream(many).await.unwrap().cached_info().cluster.clone().unwrap().leader.unwrap();
        eventually("the leader is the one clients are told of", || {
            cluster.leader_of(&name).unwrap().is_some_and(|index| format!("n{index}") == leader)
        });
    }
}

fn leader(cluster: &NatsCluster) -> usize {
    let mut found = None;
    eventually("a leader", || {
        found = cluster.leader_of("KEPT").unwrap();
        found.is_some()
    });
    found.unwrap()
}
