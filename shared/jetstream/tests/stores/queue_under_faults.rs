//! The queue while servers, links and consumers come and go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use twofold_domain::Channel::{Email, Sms};
use twofold_event_log::{ReadError, WorkQueue as _};
use twofold_jetstream::{Broker, JetStreamQueue};
use twofold_test_support::{Fault, FaultProxy, NatsCluster, NatsOptions};

use super::support::{
    SOON, all_done, claims_last, connect, next, prepared, queue, request, request_subject, server, solo, until,
};

async fn delete_consumer(broker: &Broker) {
    let names = broker.names();
    let deleted = broker.jetstream().delete_consumer_from_stream(names.deliver_consumer(Email), names.stream()).await;
    assert!(deleted.expect("an answer").success);
}

#[tokio::test]
async fn a_consumer_that_was_removed_is_made_anew() {
    let server = server();
    let broker = solo(&server).await;
    let queue = Arc::new(queue(&broker, &[Email]).await);
    request(&broker, Email, 1).await;
    next(&queue).await.claim.done().await.expect("done");
    // While somebody waits.
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { next(&queue).await.stored.subject }
    });
    until("it waits", async || waiting_questions(&broker).await == Some(1)).await;
    delete_consumer(&broker).await;
    let again = tokio::time::timeout(SOON, waiting).await.expect("in time").expect("no panic");
    assert_eq!(again, request_subject(Email, 1), "the new consumer knows nothing of what was done");
    // While nobody does.
    delete_consumer(&broker).await;
    assert_eq!(next(&queue).await.stored.subject, request_subject(Email, 1));
    until("it is seen", async || queue.status()[0].alive).await;
}

async fn waiting_questions(broker: &Broker) -> Option<usize> {
    let names = broker.names();
    let asked = broker.jetstream().get_consumer_from_stream(names.deliver_consumer(Email), names.stream()).await;
    asked.ok().map(|consumer: async_nats::jetstream::consumer::PullConsumer| consumer.cached_info().num_waiting)
}

#[tokio::test]
async fn a_consumer_that_was_never_made_is_made_when_the_queue_is_opened() {
    let server = server();
    let broker = solo(&server).await;
    delete_consumer(&broker).await;
    let queue = queue(&broker, &[Email]).await;
    request(&broker, Email, 1).await;
    assert_eq!(next(&queue).await.stored.subject, request_subject(Email, 1));
}

#[tokio::test]
async fn a_server_that_goes_and_comes_is_told_and_survived() {
    let mut server = server();
    let broker = solo(&server).await;
    claims_last(&broker, Email, Duration::from_secs(2)).await;
    let queue = queue(&broker, &[Email, Sms]).await;
    for n in 1..=3 {
        request(&broker, Email, n).await;
    }
    let (done, under_way) = (next(&queue).await, next(&queue).await);
    done.claim.done().await.expect("done");
    server.kill();
    let told = tokio::time::timeout(SOON, async { while queue.next().await.is_ok() {} });
    told.await.expect("whoever waits is told");
    assert!(matches!(under_way.claim.done().await, Err(ReadError::Unavailable(_))));
    under_way.claim.extend().await;
    under_way.claim.give_back(Duration::ZERO).await;
    server.restart().expect("restarted");
    // The server may have forgotten the last thing it was told; then that comes again too.
    let mut seen = BTreeSet::new();
    let finish = async {
        loop {
            let claimed = next(&queue).await;
            if claimed.claim.done().await.is_ok() {
                seen.insert(claimed.stored.payload[0]);
            }
        }
    };
    tokio::select! { () = all_done(&broker, Email) => {}, () = finish => unreachable!("it never ends") }
    assert!(seen.is_superset(&BTreeSet::from([2, 3])), "{seen:?}");
}

#[tokio::test]
async fn what_a_killed_worker_had_comes_to_the_next() {
    let server = server();
    let broker = solo(&server).await;
    claims_last(&broker, Email, Duration::from_secs(1)).await;
    let (killed, next_one) = (connect(vec![server.url()]).await, queue(&broker, &[Email]).await);
    request(&broker, Email, 1).await;
    let claimed = next(&queue(&killed, &[Email]).await).await;
    killed.close().await;
    assert!(claimed.claim.done().await.is_err());
    let again = next(&next_one).await;
    assert_eq!((again.stored.payload[0], again.times), (1, 2));
    again.claim.done().await.expect("done");
    all_done(&broker, Email).await;
}

/// Lets a worker wait behind a link, breaks the link, asks for a delivery, and heals the link.
async fn over_a_broken_link(fault: Fault) {
    let server = server();
    let broker = solo(&server).await;
    claims_last(&broker, Email, Duration::from_secs(1)).await;
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()).into()).await.expect("proxy");
    let behind = connect(vec![proxy.url("nats")]).await;
    let queue = Arc::new(queue(&behind, &[Email]).await);
    let waiting = tokio::spawn({
        let queue: Arc<JetStreamQueue> = Arc::clone(&queue);
        async move {
            let claimed = next(&queue).await;
            while claimed.claim.done().await.is_err() {}
            claimed.stored.payload[0]
        }
    });
    until("it waits", async || waiting_questions(&broker).await == Some(1)).await;
    proxy.set(fault);
    request(&broker, Email, 1).await;
    until("the question is answered or forgotten", async || waiting_questions(&broker).await == Some(0)).await;
    proxy.set(Fault::None);
    assert_eq!(waiting.await.expect("no panic"), 1);
    all_done(&broker, Email).await;
}

#[tokio::test]
async fn messages_lost_on_the_way_come_again() {
    over_a_broken_link(Fault::DropDown).await;
}

#[tokio::test]
async fn a_link_that_was_cut_is_taken_up_again() {
    over_a_broken_link(Fault::Reset).await;
}

#[tokio::test]
async fn a_consumer_whose_leader_dies_goes_on_under_another() {
    let mut cluster = NatsCluster::start(&NatsOptions::default()).expect("the cluster starts");
    let broker = prepared(cluster.urls(), 3).await;
    claims_last(&broker, Email, Duration::from_secs(2)).await;
    let queue = queue(&broker, &[Email]).await;
    for n in 1..=20 {
        request(&broker, Email, n).await;
    }
    for _ in 0..5 {
        next(&queue).await.claim.done().await.expect("done");
    }
    let leader = cluster.leader_of("TWOFOLD").expect("an answer").expect("a leader");
    cluster.node_mut(leader).kill();
    // What was done in the last moment may come again.
    let mut seen = BTreeSet::from([1, 2, 3, 4, 5]);
    let finish = async {
        loop {
            let claimed = next(&queue).await;
            if claimed.claim.done().await.is_ok() {
                seen.insert(claimed.stored.payload[0]);
            }
        }
    };
    tokio::select! { () = all_done(&broker, Email) => {}, () = finish => unreachable!("it never ends") }
    assert_eq!(seen.len(), 20);
}
