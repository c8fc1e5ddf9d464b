//! The stream as every part of the log uses it.

use twofold_event_log::{ReadError, Seq};

use crate::Broker;
use crate::publish::Publisher;

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
    pub publisher: Publisher,
}

impl Stream {
    /// Asks for what does not change while the log is open, and for where it ends now.
    pub async fn open(broker: Broker, search_span: u64) -> Result<(Self, Seq), ReadError> {
        let mut stream = Self::new(broker, search_span);
        let info = stream.info().await?;
        stream.replicated = info.replicas() > 1;
        Ok((stream, info.head()))
    }

    fn new(broker: Broker, search_span: u64) -> Self {
        let name = broker.names().stream();
        Self {
            search_span,
            replicated: false,
            get_subject: format!("$JS.API.STREAM.MSG.GET.{name}"),
            direct_subject: format!("$JS.API.DIRECT.GET.{name}"),
            info_subject: format!("$JS.API.STREAM.INFO.{name}"),
            publisher: Publisher::new(broker.clone()),
            broker,
        }
    }

    /// Names the server process this connection leads to: another one after a restart.
    pub fn process(&self) -> String {
        self.broker.client().server_info().server_id
    }
}
