//! Coming and going of the connection.

use std::sync::Arc;

use async_nats::Event;
use tokio::sync::watch;

/// The connection as its events tell it, a moment behind the client itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Link {
    /// How often it was lost.
    pub lost: u64,
    /// It was ended on purpose.
    pub closed: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct LinkWatch {
    state: Arc<watch::Sender<Link>>,
}

impl LinkWatch {
    pub fn subscribe(&self) -> watch::Receiver<Link> {
        self.state.subscribe()
    }

    pub fn on(&self, event: Event) {
        match event {
            Event::Connected => tracing::info!("connected to NATS"),
            Event::Disconnected => {
                tracing::warn!("the connection to NATS is lost");
                self.state.send_modify(|link| link.lost += 1);
            }
            Event::Closed => self.state.send_modify(|link| link.closed = true),
            Event::SlowConsumer(subscription) => tracing::warn!(subscription, "messages from NATS were dropped"),
            Event::LameDuckMode => tracing::info!("the NATS server is about to stop"),
            Event::ServerError(error) => tracing::warn!(%error, "NATS reports an error"),
            Event::ClientError(error) => tracing::debug!(%error, "NATS cannot be reached"),
            Event::Draining => {}
        }
    }
}
