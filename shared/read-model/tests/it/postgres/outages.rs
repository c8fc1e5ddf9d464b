//! A database that goes away, for a moment or for long.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use twofold_event_log::{EventLog as _, Seq};
use twofold_read_model::{
    PostgresOptions, PostgresReadModel, ProjectError, ReadModel, ReadStore, StoreError, rebuild, verify,
};
use twofold_test_support::PostgresServer;
use twofold_test_support::fault_proxy::{Fault, FaultProxy};

use crate::dump::dump;
use crate::events::{tenant, user, user_event};
use crate::fresh::{Kind, fresh};
use crate::history::History;

/// Beyond every limit of the store: reached only by a call that hangs.
const HANGS: Duration = Duration::from_secs(40);

async fn registered(users: u64) -> History {
    let mut history = History::new();
    for who in 0..users {
        history.user(0, who, &[user_event(0, who), user_event(12, who)]).await;
    }
    history
}

async fn made(url: &str) -> PostgresOptions {
    let options = PostgresOptions::new(url).unwrap();
    PostgresReadModel::migrate(&options).await.unwrap();
    options
}

fn is_down<T: std::fmt::Debug>(answer: &Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_comes_back_by_itself() {
    let history = registered(20).await;
    let commits = history.all().await;
    let mut server = PostgresServer::start().unwrap();
    let options = made(&server.create_database().unwrap()).await;
    let store = PostgresReadModel::open(options.clone()).await.unwrap();
    store.apply(&commits[..10]).await.unwrap();
    let (own, who) = (tenant(0), user(1));
    server.kill();
    is_down(&timeout(HANGS, store.user(&own, &who)).await.unwrap());
    is_down(&timeout(HANGS, store.checkpoint()).await.unwrap());
    let applied = timeout(HANGS, store.apply(&commits)).await.unwrap();
    assert!(matches!(applied, Err(ProjectError::Store(StoreError::Unavailable(_)))), "{applied:?}");
    is_down(&timeout(HANGS, PostgresReadModel::open(options)).await.unwrap());
    assert!(!timeout(HANGS, store.wait_for(Seq(20), Duration::from_millis(200))).await.unwrap());

    server.restart().unwrap();
    assert_eq!(store.apply(&commits).await, Ok(Seq(20)));
    assert!(store.user(&own, &who).await.unwrap().is_some());
    assert!(verify(&history.log, &store, &mut |_| {}).await.unwrap().is_clean());
}

/// Nobody noticed the outage: the pool is full of connections of before.
#[tokio::test]
async fn no_query_fails_after_a_restart() {
    let history = registered(20).await;
    let mut server = PostgresServer::start().unwrap();
    let store = PostgresReadModel::open(made(&server.create_database().unwrap()).await).await.unwrap();
    store.apply(&history.all().await).await.unwrap();
    let (own, who) = (tenant(0), user(1));
    for restarts in 0..2 {
        let reads = (0..20).map(|_| store.user(&own, &who));
        let answers = futures_util::future::join_all(reads).await;
        assert!(answers.iter().all(|answer| matches!(answer, Ok(Some(_)))), "{restarts} restarts: {answers:?}");
        server.restart().unwrap();
    }
}

#[tokio::test]
async fn whoever_waits_is_answered_after_a_restart() {
    let history = registered(20).await;
    let commits = history.all().await;
    let mut server = PostgresServer::start().unwrap();
    let options = made(&server.create_database().unwrap()).await;
    let store: ReadModel = Arc::new(PostgresReadModel::open(options.clone()).await.unwrap());
    let projector = PostgresReadModel::open(options).await.unwrap();
    projector.apply(&commits[..10]).await.unwrap();
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.wait_for(Seq(20), HANGS).await }
    });
    assert!(store.wait_for(Seq(10), HANGS).await);
    server.kill();
    is_down(&store.checkpoint().await);
    server.restart().unwrap();
    // Its connection is of before.
    while projector.apply(&commits).await.is_err() {}
    assert!(waiting.await.unwrap());
}

#[tokio::test]
async fn a_network_that_swallows_everything_is_no_hang_and_its_connections_are_not_used_again() {
    let history = registered(20).await;
    let commits = history.all().await;
    let server = PostgresServer::start().unwrap();
    let url = server.create_database().unwrap();
    let proxy = FaultProxy::start(SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()))).await.unwrap();
    let mut options = made(&url.replace(&server.port().to_string(), &proxy.address().port().to_string())).await;
    options.batch_timeout = Duration::from_secs(3);
    options.max_connections = 1;
    let store = PostgresReadModel::open(options).await.unwrap();
    store.apply(&commits[..10]).await.unwrap();
    let (own, who) = (tenant(0), user(1));
    for fault in [Fault::HalfOpen, Fault::DropDown] {
        assert!(store.user(&own, &who).await.unwrap().is_some());
        proxy.set(fault);
        // More than there are connections.
        for _ in 0..3 {
            is_down(&timeout(HANGS, store.user(&own, &who)).await.unwrap());
        }
        let applied = timeout(HANGS, store.apply(&commits)).await.unwrap();
        assert!(matches!(applied, Err(ProjectError::Store(StoreError::Unavailable(_)))), "{applied:?}");
        proxy.set(Fault::None);
        // What was under way may still keep the next projector out for a moment.
        assert!(store.user(&own, &who).await.unwrap().is_some());
        while store.apply(&commits).await.is_err() {}
    }
    assert!(verify(&history.log, &store, &mut |_| {}).await.unwrap().is_clean());
}

/// The server dies in the middle of batches, which then come again.
#[tokio::test]
async fn a_server_killed_while_it_is_projected_into_ends_with_the_same_tables() {
    let history = registered(600).await;
    let mut server = PostgresServer::start_durable().unwrap();
    let options = made(&server.create_database().unwrap()).await;
    let store: ReadModel = Arc::new(PostgresReadModel::open(options).await.unwrap());
    for kill_after in [100, 350] {
        let (log, projected) = (history.log.clone(), Arc::clone(&store));
        let projecting = tokio::spawn(async move {
            // Over and over: it ends with the server.
            while project(log.clone(), Arc::clone(&projected)).await.is_ok() {}
        });
        assert!(store.wait_for(Seq(kill_after), HANGS).await);
        server.kill();
        projecting.await.unwrap();
        server.restart().unwrap();
    }
    while project(history.log.clone(), Arc::clone(&store)).await.is_err() {}
    let alone = fresh(Kind::Sqlite).await;
    rebuild(&history.log, &*alone.store, &mut |_| {}).await.unwrap();
    assert_eq!(dump(&*store).await, dump(&*alone.store).await);
}

/// Small batches up to the head; what was projected before comes again.
async fn project(log: twofold_event_log::MemoryLog, store: ReadModel) -> Result<(), ProjectError> {
    let mut position = Seq(store.checkpoint().await?.0.saturating_sub(15));
    let head = log.head().await.unwrap();
    while position < head {
        let batch = log.read_all(position, 20).await.unwrap();
        position = store.apply(&batch).await?;
    }
    Ok(())
}
