//! Servers with what init would have made, and waiting.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::stream;
use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};
use twofold_domain::{Channel, CommitId, MessageId, TenantId};
use twofold_event_log::{Claimed, Subject, WorkQueue as _};
use twofold_jetstream::{
    Broker, BrokerOptions, JetStreamKeyStore, JetStreamQueue, deliver_consumer_config, keys_bucket_config,
    snapshots_bucket_config, usage_stream_config,
};
use twofold_test_support::{NatsOptions, NatsServer};

pub const SOON: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

pub fn server() -> NatsServer {
    NatsServer::start(&NatsOptions::default()).expect("the server starts")
}

pub async fn connect(urls: Vec<String>) -> Broker {
    let options = BrokerOptions { servers: urls, ..BrokerOptions::local("") };
    Broker::connect(&options).await.expect("connected")
}

/// A broker with everything this crate needs but the log's own settings.
pub async fn prepared(urls: Vec<String>, replicas: usize) -> Broker {
    let broker = connect(urls).await;
    let (jetstream, names) = (broker.jetstream(), broker.names());
    let log = stream::Config {
        name: names.stream().to_owned(),
        subjects: vec!["tf.>".to_owned()],
        num_replicas: replicas,
        ..stream::Config::default()
    };
    let make = async {
        let (keys, usage) = (keys_bucket_config(names, replicas), usage_stream_config(names, replicas, 1 << 20));
        for config in [log, keys, snapshots_bucket_config(names, replicas, 1 << 20), usage] {
            while jetstream.create_stream(config.clone()).await.is_err() {
                sleep(PAUSE).await;
            }
        }
        for channel in [Channel::Email, Channel::Sms] {
            let config = deliver_consumer_config(names, channel);
            while jetstream.create_consumer_on_stream(config.clone(), names.stream()).await.is_err() {
                sleep(PAUSE).await;
            }
        }
    };
    timeout(SOON, make).await.expect("streams and consumers are made");
    broker
}

pub async fn solo(server: &NatsServer) -> Broker {
    prepared(vec![server.url()], 1).await
}

pub fn keys(broker: &Broker) -> Arc<JetStreamKeyStore> {
    Arc::new(JetStreamKeyStore::new(broker))
}

pub fn request_subject(channel: Channel, n: u8) -> Subject {
    Subject::delivery(channel, &TenantId::from_bytes([1; 16]), &MessageId::from_bytes([n; 16]))
}

/// Puts a request into the stream as the log would.
pub async fn request(broker: &Broker, channel: Channel, n: u8) -> Subject {
    let subject = request_subject(channel, n);
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Tf-Commit", CommitId::from_bytes([n; 16]).as_str());
    headers.insert("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let ack = broker.jetstream().publish_with_headers(subject.to_string(), headers, Bytes::from(vec![n])).await;
    ack.expect("sent").await.expect("stored");
    subject
}

/// Whether any file below a directory holds some bytes.
pub fn on_disk(directory: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        // A file may vanish between listing and reading.
        let holds = |bytes: Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
        if path.is_dir() { on_disk(&path, needle) } else { std::fs::read(&path).is_ok_and(holds) }
    })
}

/// Waits for a condition.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !holds().await {
        assert!(Instant::now() < end, "in vain: {what}");
        sleep(PAUSE).await;
    }
}

/// Lets claims of a channel last no longer than this.
pub async fn claims_last(broker: &Broker, channel: Channel, ack_wait: Duration) {
    let config = pull::Config { ack_wait, ..deliver_consumer_config(broker.names(), channel) };
    let made = broker.jetstream().create_consumer_on_stream(config, broker.names().stream()).await;
    made.expect("changed");
}

pub async fn queue(broker: &Broker, channels: &[Channel]) -> JetStreamQueue {
    JetStreamQueue::open(broker, &channels.iter().copied().collect()).await.expect("opened")
}

/// The next request, however often the queue has to be asked.
pub async fn next(queue: &JetStreamQueue) -> Claimed {
    let asked = async {
        loop {
            if let Ok(claimed) = queue.next().await {
                return claimed;
            }
        }
    };
    timeout(SOON, asked).await.expect("a request in time")
}

/// Waits until nothing of a channel is claimed or waits to be.
pub async fn all_done(broker: &Broker, channel: Channel) {
    until("all are done", async || {
        let name = broker.names().deliver_consumer(channel);
        let consumer = broker.jetstream().get_consumer_from_stream(name, broker.names().stream()).await;
        let done = |consumer: PullConsumer| {
            let info = consumer.cached_info();
            (info.num_pending, info.num_ack_pending) == (0, 0)
        };
        consumer.is_ok_and(done)
    })
    .await;
}
