//! One attempt to publish, and what its answer means. For streams whose every message carries an expectation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_nats::HeaderMap;
use async_nats::header::{HeaderValue, NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::{Duration, timeout};
use twofold_event_log::Seq;

use crate::Broker;

/// "wrong last sequence: 7": an expectation was wrong.
const WRONG_LAST_SEQUENCE: u64 = 10071;
/// "wrong last sequence": an expectation about a subject that somebody else is writing to at this moment.
const WRONG_LAST_SEQUENCE_UNNAMED: u64 = 10164;
/// "insufficient resources": the account or the server may store no more.
const INSUFFICIENT_RESOURCES: u64 = 10023;
/// The store refuses, or fails: only the text tells which.
const STORE_FAILED: u64 = 10077;
/// What it begins with where a limit of the stream is reached, which is looked at before anything is stored.
const OVER_LIMIT: &str = "maximum ";
/// "atomic publish batch is incomplete": a part of it did not arrive.
const INCOMPLETE: u64 = 10176;

/// A message to publish.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub subject: String,
    pub headers: HeaderMap,
    pub payload: Bytes,
}

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Stored; the last message is here, the others right before it.
    Stored(Seq),
    /// A clear answer: some expectation is wrong, and nothing of this attempt was stored. The position names what was
    /// there instead, if the server says so.
    Conflict(Option<Seq>),
    /// A clear answer: the store is full, and nothing of this attempt was stored.
    Full(String),
    /// A clear answer: nothing of this attempt was stored, for a reason that may pass.
    Refused(String),
    /// Anything else. It may be stored, or may even be stored later.
    Unclear(String),
}

#[derive(Debug, Deserialize)]
struct Ack {
    #[serde(default)]
    seq: u64,
    error: Option<AckError>,
}

#[derive(Debug, Deserialize)]
struct AckError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// Publishes over a connection. Cloning is cheap and shares the names of the batches.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    broker: Broker,
    batches: Arc<Batches>,
}

/// Names of batches. Named by what it holds, a batch and its repetition by another process would mix.
#[derive(Debug)]
struct Batches {
    /// Nobody else's batches begin like this, not even those of another publisher.
    prefix: String,
    next: AtomicU64,
}

impl Publisher {
    pub fn new(broker: Broker) -> Self {
        let inbox = broker.client().new_inbox();
        // The last part of an inbox is unique in the world; at most 64 bytes make the name of a batch.
        let prefix = inbox.rsplit('.').next().unwrap_or_default().to_owned();
        Self { broker, batches: Arc::new(Batches { prefix, next: AtomicU64::new(1) }) }
    }

    /// Publishes one message alone, several as one atomic batch. The caller has seen a connection just before.
    pub async fn publish(&self, mut messages: Vec<Outgoing>, patience: Duration) -> Outcome {
        let Some(last) = messages.pop() else { return Outcome::Unclear("nothing to publish".to_owned()) };
        let mut link = self.broker.link();
        let losses = link.borrow().lost;
        tokio::select! {
            outcome = timeout(patience, self.exchange(messages, last)) => {
                outcome.unwrap_or_else(|_| Outcome::Unclear("no answer in time".to_owned()))
            }
            // The answer was on the lost connection, if there was one.
            _ = link.wait_for(|link| link.lost != losses) => Outcome::Unclear("the connection was lost".to_owned()),
        }
    }

    async fn exchange(&self, before: Vec<Outgoing>, mut last: Outgoing) -> Outcome {
        let client = self.broker.client();
        if !before.is_empty() {
            let batch = self.batches.name();
            put_in_batch(&mut last.headers, &batch, before.len() + 1, true);
            for (position, mut message) in before.into_iter().enumerate() {
                put_in_batch(&mut message.headers, &batch, position + 1, false);
                let sent = client.publish_with_headers(message.subject, message.headers, message.payload).await;
                if let Err(error) = sent {
                    return Outcome::Unclear(error.to_string());
                }
            }
        }
        match client.request_with_headers(last.subject, last.headers, last.payload).await {
            Ok(answer) => judge(&answer.payload),
            Err(error) => Outcome::Unclear(error.to_string()),
        }
    }
}

impl Batches {
    /// One that no other batch has.
    fn name(&self) -> String {
        format!("{}-{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Makes a message the `number`th of an atomic batch, counted from 1 (ADR-50).
fn put_in_batch(headers: &mut HeaderMap, batch: &str, number: usize, is_last: bool) {
    headers.insert(NATS_BATCH_ID, batch);
    headers.insert(NATS_BATCH_SEQUENCE, HeaderValue::from(number));
    if is_last {
        headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
    }
}

fn judge(answer: &[u8]) -> Outcome {
    let Ok(ack) = serde_json::from_slice::<Ack>(answer) else {
        return Outcome::Unclear("an answer that cannot be read".to_owned());
    };
    let Some(AckError { err_code, description }) = ack.error else {
        let stored = ack.seq > 0;
        return if stored { Outcome::Stored(Seq(ack.seq)) } else { Outcome::Unclear("no position".to_owned()) };
    };
    match err_code {
        WRONG_LAST_SEQUENCE => Outcome::Conflict(found_instead(&description)),
        WRONG_LAST_SEQUENCE_UNNAMED => Outcome::Conflict(None),
        INSUFFICIENT_RESOURCES => Outcome::Full(format!("{description} ({err_code})")),
        STORE_FAILED if description.starts_with(OVER_LIMIT) => Outcome::Full(format!("{description} ({err_code})")),
        INCOMPLETE => Outcome::Refused(format!("{description} ({err_code})")),
        _ => Outcome::Unclear(format!("{description} ({err_code})")),
    }
}

/// The server puts the position only into the text. It is used to save work, never to decide anything.
fn found_instead(description: &str) -> Option<Seq> {
    description.rsplit(' ').next()?.parse().ok().filter(|seq| *seq > 0).map(Seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_means_one_thing() {
        let error = |code: u64, text: &str| {
            format!(r#"{{"error":{{"code":400,"err_code":{code},"description":"{text}"}},"stream":"T","seq":0}}"#)
        };
        assert_eq!(judge(br#"{"stream":"T","seq":4,"batch":"b","count":2}"#), Outcome::Stored(Seq(4)));
        let conflict = error(10071, "wrong last sequence: 17");
        assert_eq!(judge(conflict.as_bytes()), Outcome::Conflict(Some(Seq(17))));
        let absent = error(10071, "wrong last sequence: 0");
        assert_eq!(judge(absent.as_bytes()), Outcome::Conflict(None));
        assert_eq!(judge(error(10164, "wrong last sequence").as_bytes()), Outcome::Conflict(None));
        assert!(matches!(judge(error(10077, "maximum bytes exceeded").as_bytes()), Outcome::Full(_)));
        assert!(matches!(judge(error(10023, "insufficient resources").as_bytes()), Outcome::Full(_)));
        assert!(matches!(judge(error(10176, "incomplete").as_bytes()), Outcome::Refused(_)));
        for unclear in [error(10077, "disk failed"), error(10158, "not ready"), String::new(), "{}".to_owned()] {
            assert!(matches!(judge(unclear.as_bytes()), Outcome::Unclear(_)), "{unclear}");
        }
    }
}
