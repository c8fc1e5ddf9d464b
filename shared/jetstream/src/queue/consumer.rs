//! The durable consumer of one channel, and making it anew when somebody has removed it.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{DeliverPolicy, Info, PullConsumer};
use async_nats::jetstream::stream::ConsumerErrorKind;
use tokio::time::sleep;
use twofold_domain::Channel;
use twofold_event_log::ReadError;

use super::config::deliver_consumer_config;
use crate::Broker;

/// A consumer made anew begins this long before the newest message: no message lives longer than an hour, and behind
/// all that was ever asked for the fresh codes would wait too long.
const BEGIN_BEFORE: Duration = Duration::from_hours(2);

/// Time for the server to clear away the old one: a new one of the same name, made in the same moment, was seen to
/// take over what the old one had handed out.
const SETTLE: Duration = Duration::from_millis(250);

#[derive(Debug, Clone)]
pub(super) struct Consumer {
    pub broker: Broker,
    pub channel: Channel,
}

impl Consumer {
    pub fn name(&self) -> String {
        self.broker.names().deliver_consumer(self.channel)
    }

    /// What the server says of it; `None` when it is gone.
    pub async fn look(&self) -> Result<Option<Info>, ReadError> {
        if !self.broker.is_connected() {
            return Err(ReadError::Unavailable("there is no connection to the broker".to_owned()));
        }
        let asked = self.broker.jetstream().get_consumer_from_stream(self.name(), self.broker.names().stream());
        match asked.await.map(|consumer: PullConsumer| consumer.cached_info().clone()) {
            Ok(info) => Ok(Some(info)),
            Err(error) if is_not_found(&error.kind()) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// What the server says of it, after making it anew if it is gone.
    pub async fn ensure(&self) -> Result<Info, ReadError> {
        if let Some(info) = self.look().await? {
            return Ok(info);
        }
        tracing::error!(consumer = self.name(), "the consumer of delivery requests is gone: it is made anew");
        sleep(SETTLE).await;
        let (jetstream, names) = (self.broker.jetstream(), self.broker.names());
        let stream = jetstream.get_stream(names.stream()).await.map_err(|error| unavailable(&error))?;
        let state = &stream.cached_info().state;
        let mut config = deliver_consumer_config(names, self.channel);
        if state.messages > 0 {
            config.deliver_policy = DeliverPolicy::ByStartTime { start_time: state.last_timestamp - BEGIN_BEFORE };
        }
        // Another worker may have been faster; then its consumer is as good.
        let made = jetstream.create_consumer_strict_on_stream(config, names.stream()).await;
        let made = made.map(|consumer| consumer.cached_info().clone()).map_err(|error| unavailable(&error));
        match self.look().await? {
            Some(info) => Ok(info),
            None => made,
        }
    }
}

fn is_not_found(kind: &ConsumerErrorKind) -> bool {
    matches!(kind, ConsumerErrorKind::JetStream(error) if error.error_code() == ErrorCode::CONSUMER_NOT_FOUND)
}

fn unavailable(error: &impl ToString) -> ReadError {
    ReadError::Unavailable(error.to_string())
}
