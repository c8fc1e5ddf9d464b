//! A claim on a message: what is said to the server on its reply subject.

use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::{Request, Subject};
use twofold_event_log::{BoxFuture, Claim, ReadError};

use crate::Broker;
use crate::connect::REQUEST_TIMEOUT;

#[derive(Debug, Clone)]
pub(super) struct JetStreamClaim {
    pub broker: Broker,
    pub reply: Subject,
}

impl JetStreamClaim {
    fn connected(&self) -> Result<(), ReadError> {
        if self.broker.is_connected() { Ok(()) } else { Err(unavailable("there is no connection to the broker")) }
    }

    /// Says something and leaves it at that: one message for the server instead of two.
    async fn mention(&self, kind: AckKind) -> Result<(), ReadError> {
        self.connected()?;
        self.broker.client().publish(self.reply.clone(), kind.into()).await.map_err(unavailable)
    }

    /// Says something and waits until the server has understood it.
    async fn tell(&self, kind: AckKind) -> Result<(), ReadError> {
        self.connected()?;
        let request = Request::new().payload(kind.into()).timeout(Some(REQUEST_TIMEOUT));
        self.broker.client().send_request(self.reply.clone(), request).await.map(drop).map_err(unavailable)
    }
}

fn unavailable(reason: impl std::fmt::Display) -> ReadError {
    ReadError::Unavailable(reason.to_string())
}

impl Claim for JetStreamClaim {
    fn extend(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.mention(AckKind::Progress).await {
                tracing::debug!(%error, "a claim could not be extended");
            }
        })
    }

    /// Not waited for: when it is lost the request comes again, and its ledger says that it is over.
    fn done(&self) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(self.mention(AckKind::Ack))
    }

    fn give_back(&self, after: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let delay = Some(after).filter(|after| !after.is_zero());
            if let Err(error) = self.tell(AckKind::Nak(delay)).await {
                tracing::debug!(%error, "a message could not be given back; it comes again when its claim has run out");
            }
        })
    }
}
