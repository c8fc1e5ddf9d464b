//! Usage in a stream of counters: the server adds up, so totals are exact whoever counts and from wherever.
//!
//! Every counter is a subject, and its newest message is its total (ADR-49 of the NATS architecture). A published increment
//! is answered with the total after it, in one round trip and without an expectation that could turn out wrong.

use std::fmt;
use std::time::Duration;

use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use serde::Deserialize;
use twofold_event_log::{BoxFuture, Counter, UsageError, UsageStore, check_counters};

use crate::connect::REQUEST_TIMEOUT;
use crate::{Broker, Names};

/// The header with what is to be added.
const INCREMENT: &str = "Nats-Incr";
/// How long a total is kept after it was last counted in: longer than the longest window.
const KEPT: Duration = Duration::from_hours(40 * 24);

/// How the stream is made: one message a counter.
///
/// The server takes no stream of counters that refuses when it is full (seen on 2.15.1), so the totals that were not
/// counted in for longest give way: those of windows that are over before any that is in use.
///
/// Every increment is synced before it is answered, some 4,000 a second on two cores. The port would allow less, and a
/// stream that persists asynchronously takes 100,000; but cut off from its power in the first two minutes, before the
/// server syncs such a stream at all, it could not be recovered, and then the server is not healthy as a whole (seen on
/// nats-server 2.15.1, by `twofold-load power-loss --cuts 8 --seed 3`). The server lets nobody change the mode, so `init`
/// makes a stream that has the other one anew.
pub fn usage_stream_config(names: &Names, replicas: usize, max_bytes: i64) -> Config {
    Config {
        name: names.usage_stream(),
        subjects: vec![Names::USAGE_SUBJECTS.to_owned()],
        description: Some("Twofold: what was counted, for limits and budgets".to_owned()),
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: replicas,
        max_age: KEPT,
        max_bytes,
        max_messages: -1,
        max_messages_per_subject: 1,
        max_message_size: -1,
        max_consumers: -1,
        allow_direct: true,
        allow_message_counter: true,
        allow_rollup: false,
        deny_delete: false,
        deny_purge: false,
        // An increment has no message id: twice is twice.
        duplicate_window: Duration::from_secs(1),
        ..Config::default()
    }
}

/// The totals in the stream of the broker's names. Reads may be answered by any replica and so be behind; counting is
/// answered by the leader.
#[derive(Clone)]
pub struct JetStreamUsage {
    broker: Broker,
    stream: String,
}

impl fmt::Debug for JetStreamUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamUsage").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// The server's answer to an increment, and the body of a counter's message.
#[derive(Debug, Deserialize)]
struct Total {
    /// In decimal: the server's totals have no upper bound.
    val: String,
}

impl JetStreamUsage {
    /// The store in the stream of the broker's names, which must be there already. Asks the server nothing yet.
    pub fn new(broker: &Broker) -> Self {
        Self { broker: broker.clone(), stream: broker.names().usage_stream() }
    }

    /// Fails at once without a connection: the client would keep an increment and send it at some later time.
    fn connected(&self) -> Result<(), UsageError> {
        if self.broker.is_connected() { Ok(()) } else { Err(unavailable("there is no connection to the broker")) }
    }

    async fn add_one(&self, counter: &Counter, by: u32) -> Result<u64, UsageError> {
        let mut headers = HeaderMap::new();
        headers.insert(INCREMENT, format!("+{by}"));
        let request = Request::new().headers(headers).payload(Bytes::new()).timeout(Some(REQUEST_TIMEOUT));
        let answer = self.broker.client().send_request(subject(counter), request).await.map_err(unavailable)?;
        match serde_json::from_slice::<Response<Total>>(&answer.payload).map_err(unavailable)? {
            Response::Ok(total) => number(&total),
            Response::Err { error } => Err(unavailable(error)),
        }
    }

    async fn read_one(&self, counter: &Counter) -> Result<u64, UsageError> {
        let from = format!("$JS.API.DIRECT.GET.{}.{}", self.stream, subject(counter));
        let request = Request::new().payload(Bytes::new()).timeout(Some(REQUEST_TIMEOUT));
        let message = self.broker.client().send_request(from, request).await.map_err(unavailable)?;
        match message.status {
            None | Some(StatusCode::OK) => number(&serde_json::from_slice(&message.payload).map_err(unavailable)?),
            Some(StatusCode::NOT_FOUND) => Ok(0),
            Some(status) => Err(unavailable(format!("the server answers {status}"))),
        }
    }
}

fn subject(counter: &Counter) -> String {
    format!("us.{}", counter.key())
}

fn number(total: &Total) -> Result<u64, UsageError> {
    total.val.parse().map_err(|_| unavailable("a total that is no number of ours"))
}

fn unavailable(error: impl fmt::Display) -> UsageError {
    UsageError::Unavailable(error.to_string())
}

impl UsageStore for JetStreamUsage {
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            check_counters(counters)?;
            self.connected()?;
            // All of them, also when one fails: whoever is not told the totals must not be told late that some were counted.
            join_all(counters.iter().map(|counter| self.add_one(counter, by))).await.into_iter().collect()
        })
    }

    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            check_counters(counters)?;
            self.connected()?;
            try_join_all(counters.iter().map(|counter| self.read_one(counter))).await
        })
    }
}
