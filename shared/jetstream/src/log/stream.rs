//! The stream as every part of the log uses it.

use std::sync::atomic::{AtomicU64, Ordering};

use twofold_event_log::ReadError;

use crate::Broker;

/// The connection and the addresses of the stream's API.
#[derive(Debug)]
pub(super) struct Stream {
    pub broker: Broker,
    /// [`super::JetStreamLogOptions::search_span`].
    pub search_span: u64,
    /// On more than one server's disk.
    pub replicated: bool,
    /// One message from the leader.
    pub get_subject: String,
    /// Messages from any replica.
    pub direct_subject: String,
    /// The leader's state.
    pub info_subject: String,
    /// Nobody else's batches begin like this, not even those of another handle.
    batch_prefix: String,
    batches: AtomicU64,
}

impl Stream {
    /// Asks for what does not change while the log is open.
    pub async fn open(broker: Broker, search_span: u64) -> Result<Self, ReadError> {
        let mut stream = Self::new(broker, search_span);
        stream.replicated = stream.replicas().await? > 1;
        Ok(stream)
    }

    fn new(broker: Broker, search_span: u64) -> Self {
        let name = broker.names().stream();
        let inbox = broker.client().new_inbox();
        Self {
            search_span,
            replicated: false,
            get_subject: format!("$JS.API.STREAM.MSG.GET.{name}"),
            direct_subject: format!("$JS.API.DIRECT.GET.{name}"),
            info_subject: format!("$JS.API.STREAM.INFO.{name}"),
            // The last part of an inbox is unique in the world; at most 64 bytes make the name of a batch.
            batch_prefix: inbox.rsplit('.').next().unwrap_or_default().to_owned(),
            batches: AtomicU64::new(1),
            broker,
        }
    }

    /// Names the server process this connection leads to: another one after a restart.
    pub fn process(&self) -> String {
        self.broker.client().server_info().server_id
    }

    /// A name no other batch has. Named by what it holds, a batch and its repetition by another process would mix.
    pub fn new_batch(&self) -> String {
        format!("{}-{}", self.batch_prefix, self.batches.fetch_add(1, Ordering::Relaxed))
    }
}
