//! Snapshots in a bucket of the broker.

use std::fmt;
use std::sync::Arc;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::{Request, StatusCode};
use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use twofold_event_log::{BoxFuture, Seq, Snapshot, SnapshotError, SnapshotStore, Subject};

use crate::bucket::{Bucket, STREAM_PREFIX, subjects_of};
use crate::connect::REQUEST_TIMEOUT;
use crate::{Broker, Names};

/// Snapshots on their way at once; what comes on top is dropped.
const IN_FLIGHT_MAX: usize = 64;
/// Bytes of a state: one that is larger costs more to keep than to fold.
const MAX_STATE_BYTES: usize = 256 * 1024;
/// Bytes of the position before the state.
const SEQ_BYTES: usize = size_of::<u64>();

/// How the bucket of snapshots is made: one message a subject, the oldest ones give way when `max_bytes` are reached.
pub fn snapshots_bucket_config(names: &Names, replicas: usize, max_bytes: i64) -> Config {
    let bucket = names.snapshots_bucket();
    Config {
        name: format!("{STREAM_PREFIX}{bucket}"),
        subjects: vec![subjects_of(&bucket)],
        description: Some("Twofold: snapshots of folded states, may be lost".to_owned()),
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: replicas,
        max_bytes,
        max_messages: -1,
        max_messages_per_subject: 1,
        max_message_size: -1,
        max_consumers: -1,
        allow_direct: true,
        allow_rollup: false,
        deny_delete: false,
        deny_purge: false,
        ..Config::default()
    }
}

/// Snapshots in a bucket of the broker, under the subject they belong to. Reads may be answered by any replica and so be
/// stale; writes are sent and forgotten, and dropped when the broker does not keep up.
#[derive(Clone)]
pub struct JetStreamSnapshots {
    bucket: Bucket,
    in_flight: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl fmt::Debug for JetStreamSnapshots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamSnapshots").field("stream", &self.bucket.stream()).finish_non_exhaustive()
    }
}

impl JetStreamSnapshots {
    /// The store in the bucket of the broker's names, which must be there already. Asks the server nothing yet.
    pub fn new(broker: &Broker) -> Self {
        let bucket = Bucket::new(broker.clone(), &broker.names().snapshots_bucket());
        Self { bucket, in_flight: Arc::new(Semaphore::new(IN_FLIGHT_MAX)), tasks: TaskTracker::new() }
    }

    async fn read(&self, subject: &Subject) -> Result<Option<Snapshot>, SnapshotError> {
        self.bucket.connected().map_err(SnapshotError)?;
        let from = format!("$JS.API.DIRECT.GET.{}.{}", self.bucket.stream(), self.bucket.subject(subject.as_str()));
        let request = Request::new().payload(Bytes::new()).timeout(Some(REQUEST_TIMEOUT));
        let client = self.bucket.broker().client();
        let message = client.send_request(from, request).await.map_err(|error| SnapshotError(error.to_string()))?;
        match message.status {
            None | Some(StatusCode::OK) => decode(&message.payload).map(Some),
            Some(StatusCode::NOT_FOUND) => Ok(None),
            Some(status) => Err(SnapshotError(format!("the server answers {status}"))),
        }
    }

    fn write(&self, subject: &Subject, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        self.bucket.connected().map_err(SnapshotError)?;
        if snapshot.state.len() > MAX_STATE_BYTES {
            return Err(SnapshotError(format!("{} bytes, the limit is {MAX_STATE_BYTES}", snapshot.state.len())));
        }
        let Ok(room) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            return Err(SnapshotError("too many snapshots are on their way".to_owned()));
        };
        let client = self.bucket.broker().client().clone();
        let to = self.bucket.subject(subject.as_str());
        let request = Request::new().payload(encode(snapshot)).timeout(Some(REQUEST_TIMEOUT));
        self.tasks.spawn(async move {
            let _room = room;
            if let Err(error) = client.send_request(to, request).await {
                tracing::debug!(%error, "a snapshot was not kept");
            }
        });
        Ok(())
    }
}

fn encode(snapshot: &Snapshot) -> Bytes {
    let mut value = BytesMut::with_capacity(SEQ_BYTES + snapshot.state.len());
    value.put_u64(snapshot.seq.0);
    value.put_slice(&snapshot.state);
    value.freeze()
}

fn decode(value: &Bytes) -> Result<Snapshot, SnapshotError> {
    let seq = value.first_chunk::<SEQ_BYTES>().ok_or_else(|| SnapshotError("the value is too short".to_owned()))?;
    Ok(Snapshot { seq: Seq(u64::from_be_bytes(*seq)), state: value.slice(SEQ_BYTES..) })
}

impl SnapshotStore for JetStreamSnapshots {
    fn get<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>> {
        Box::pin(self.read(subject))
    }

    fn put<'a>(&'a self, subject: &'a Subject, snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>> {
        Box::pin(async move { self.write(subject, &snapshot) })
    }
}
