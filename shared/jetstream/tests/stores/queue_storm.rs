//! More requests of one tenant than anybody can send soon: given back for later, they stand in nobody's way.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::future::join_all;
use twofold_domain::Channel::Email;
use twofold_domain::CommitId;
use twofold_test_support::{NatsOptions, NatsServer};

use super::support::{next, queue, request, request_subject, solo, until};

/// More than the workers keep.
const STORM: u32 = 25_000;

#[tokio::test]
async fn a_storm_that_is_given_back_for_later_lets_the_others_through() {
    let quick = NatsOptions { sync_always: false, ..NatsOptions::default() };
    let server = NatsServer::start(&quick).expect("the server starts");
    let broker = solo(&server).await;
    let subject = request_subject(Email, 1);
    let mut headers = HeaderMap::new();
    headers.insert("Tf-Commit", CommitId::from_bytes([1; 16]).as_str());
    for _ in 0..STORM {
        let sent = broker.client().publish_with_headers(subject.to_string(), headers.clone(), vec![1].into());
        sent.await.expect("sent");
    }
    broker.client().flush().await.expect("flushed");
    until("stored", async || {
        let stream = broker.jetstream().get_stream(broker.names().stream()).await.expect("the stream");
        stream.cached_info().state.messages >= u64::from(STORM)
    })
    .await;
    let queue = queue(&broker, &[Email]).await;
    let seen = AtomicU32::new(0);
    let see = async || {
        while seen.fetch_add(1, Ordering::SeqCst) < STORM {
            let claimed = next(&queue).await;
            assert_eq!(claimed.times, 1);
            claimed.claim.give_back(Duration::from_mins(5)).await;
        }
    };
    join_all((0..32).map(|_| see())).await;
    for n in 2..=5 {
        request(&broker, Email, n).await;
        assert_eq!(next(&queue).await.stored.subject, request_subject(Email, n));
    }
}
