//! A key-value bucket as its adapters need it: reads from the leader, writes with an expectation, erasing.

use async_nats::HeaderMap;
use async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::Broker;
use crate::connect::REQUEST_TIMEOUT;
use crate::publish::{Outcome, Outgoing, Publisher};

/// A bucket is a stream with this before its name.
pub(crate) const STREAM_PREFIX: &str = "KV_";

/// The subjects of a bucket's keys.
pub(crate) fn subjects_of(bucket: &str) -> String {
    format!("$KV.{bucket}.>")
}

/// The newest message of a key.
pub(crate) struct Entry {
    pub seq: u64,
    pub headers: HeaderMap,
    pub value: Bytes,
}

/// What became of a write.
pub(crate) enum Put {
    /// Stored at this position, as durable as the stream is.
    Stored(u64),
    /// The expectation was wrong; nothing was stored.
    Conflict,
    /// Nobody knows yet, or the server refused. Internal text.
    Unclear(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    broker: Broker,
    publisher: Publisher,
    stream: String,
    prefix: String,
}

#[derive(Serialize)]
struct Delete {
    seq: u64,
    no_erase: bool,
}

#[derive(Deserialize)]
struct Deleted {
    success: bool,
}

impl Bucket {
    pub fn new(broker: Broker, bucket: &str) -> Self {
        let publisher = Publisher::new(broker.clone());
        Self { broker, publisher, stream: format!("{STREAM_PREFIX}{bucket}"), prefix: format!("$KV.{bucket}.") }
    }

    pub fn stream(&self) -> &str {
        &self.stream
    }

    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    pub fn subject(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Fails at once without a connection: the client would keep the request and send it at some later time.
    pub fn connected(&self) -> Result<(), String> {
        if self.broker.is_connected() { Ok(()) } else { Err("there is no connection to the broker".to_owned()) }
    }

    /// The key's newest message, from the leader.
    pub async fn newest(&self, key: &str) -> Result<Option<Entry>, String> {
        self.connected()?;
        let stream =
            self.broker.jetstream().get_stream_no_info(&self.stream).await.map_err(|error| error.to_string())?;
        found(stream.get_last_raw_message_by_subject(&self.subject(key)).await)
    }

    /// The key's oldest message that is still there, from the leader.
    pub async fn oldest(&self, key: &str) -> Result<Option<Entry>, String> {
        self.connected()?;
        let stream =
            self.broker.jetstream().get_stream_no_info(&self.stream).await.map_err(|error| error.to_string())?;
        found(stream.get_first_raw_message_by_subject(self.subject(key), 1).await)
    }

    /// Writes a new message of a key whose newest one is at `expected`, 0 for none.
    pub async fn put(&self, key: &str, expected: u64, headers: HeaderMap, value: Bytes) -> Put {
        self.publish(vec![self.outgoing(key, expected, headers, value)]).await
    }

    /// Writes the first messages of different keys, all or none. The position is that of the last.
    pub async fn put_firsts(&self, firsts: Vec<(&str, Bytes)>) -> Put {
        let outgoing = |(key, value)| self.outgoing(key, 0, HeaderMap::new(), value);
        self.publish(firsts.into_iter().map(outgoing).collect()).await
    }

    fn outgoing(&self, key: &str, expected: u64, mut headers: HeaderMap, value: Bytes) -> Outgoing {
        headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, expected.to_string());
        Outgoing { subject: self.subject(key), headers, payload: value }
    }

    async fn publish(&self, messages: Vec<Outgoing>) -> Put {
        if let Err(reason) = self.connected() {
            return Put::Unclear(reason);
        }
        match self.publisher.publish(messages, REQUEST_TIMEOUT).await {
            Outcome::Stored(seq) => Put::Stored(seq.0),
            Outcome::Conflict(_) => Put::Conflict,
            Outcome::Full(reason) | Outcome::Refused(reason) | Outcome::Unclear(reason) => Put::Unclear(reason),
        }
    }

    /// Removes a message and overwrites it on disk. One that is not there any more is refused, in several ways.
    pub async fn erase(&self, seq: u64) -> Result<(), String> {
        self.connected()?;
        let subject = format!("STREAM.MSG.DELETE.{}", self.stream);
        let answer: Response<Deleted> = self
            .broker
            .jetstream()
            .request(subject, &Delete { seq, no_erase: false })
            .await
            .map_err(|error| error.to_string())?;
        match answer {
            Response::Ok(Deleted { success: true }) => Ok(()),
            Response::Ok(Deleted { success: false }) => Err("the message was not erased".to_owned()),
            Response::Err { error } => Err(error.to_string()),
        }
    }
}

fn found(answer: Result<StreamMessage, RawMessageError>) -> Result<Option<Entry>, String> {
    match answer {
        Ok(message) => Ok(Some(Entry { seq: message.sequence, headers: message.headers, value: message.payload })),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
