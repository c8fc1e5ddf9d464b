//! Messages no writer of ours stored, and what a writer of ours adds.

use async_nats::HeaderMap;
use bytes::Bytes;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{Append, Category, EventLog, ReadError, Seq};
use twofold_jetstream::Broker;

use crate::support::{Site, put, whole};

/// Publishes past the log.
async fn publish(broker: &Broker, subject: &str, headers: &[(&str, &str)]) {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, *value);
    }
    let sent = broker.jetstream().publish_with_headers(subject.to_owned(), map, Bytes::from_static(b"{}")).await;
    sent.expect("sent").await.expect("stored");
}

#[tokio::test]
async fn a_message_of_somebody_else_is_damage_and_never_a_commit() {
    let id = Sample::first(&Sample::user()).id.to_string();
    let user = Sample::user();
    let expectation = ("Nats-Expected-Last-Subject-Sequence", "0");
    let cases = [
        (user.to_string(), vec![expectation]),
        (user.to_string(), vec![expectation, ("Tf-Commit", "cm")]),
        (user.to_string(), vec![("Tf-Commit", id.as_str())]),
        ("tf.ev.1.somebody".to_owned(), vec![expectation, ("Tf-Commit", id.as_str())]),
        ("tf.cf.*.tenant".to_owned(), vec![expectation, ("Tf-Commit", id.as_str())]),
    ];
    for (subject, headers) in cases {
        let site = Site::alone().await;
        let broker = site.broker().await;
        let log = site.log().await;
        let before = put(&*log, Sample::first(&Sample::user())).await;
        publish(&broker, &subject, &headers).await;
        put(&*log, Sample::first(&Sample::user())).await;

        assert!(matches!(log.read_all(before, 10).await, Err(ReadError::Corrupt(_))), "{subject} {headers:?}");
        assert!(log.read_all(Seq(2), 10).await.is_ok());
        if subject == user.as_str() {
            assert!(matches!(log.last_of_subject(&user).await, Err(ReadError::Corrupt(_))));
            assert!(matches!(log.read_subject(&user, Seq::ZERO, 10).await, Err(ReadError::Corrupt(_))));
            // It stands where the next commit would, so nobody can write on as if it were not there.
            assert!(log.append(Append::one(Sample::first(&user))).await.is_err());
            assert_eq!(log.head().await, Ok(Seq(3)));
        }
        if subject.starts_with("tf.cf") {
            let config = log.read_category(Category::Config, Seq::ZERO, 10).await;
            assert!(matches!(config, Err(ReadError::Corrupt(_))), "{config:?}");
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the options want it")]
fn trace() -> Option<String> {
    Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned())
}

#[tokio::test]
async fn a_commit_carries_the_trace_of_its_request() {
    let site = Site::alone().await.with(|options| options.trace = Some(trace));
    let log = site.log().await;
    let (user, delivery) = (Sample::user(), Sample::delivery());
    let group = Append { commits: vec![Sample::first(&user), Sample::first(&delivery)] };
    log.append(group).await.expect("appended");
    for stored in whole(&*log).await {
        assert_eq!(stored.trace.as_deref().map(str::to_owned), trace());
    }
    let last = log.last_of_subject(&delivery).await.expect("reads").expect("stored");
    assert_eq!(last.trace.as_deref().map(str::to_owned), trace());

    let site = Site::alone().await;
    let plain = site.log().await;
    put(&*plain, Sample::first(&user)).await;
    assert_eq!(whole(&*plain).await[0].trace, None);
}
