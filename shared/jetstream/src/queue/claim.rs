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
    /// Says something and waits until the server has understood it.
    async fn tell(&self, kind: AckKind) -> Result<(), ReadError> {
        if !self.broker.is_connected() {
            return Err(ReadError::Unavailable("there is no connection to the broker".to_owned()));
        }
        let request = Request::new().payload(kind.into()).timeout(Some(REQUEST_TIMEOUT));
        let answered = self.broker.client().send_request(self.reply.clone(), request).await;
        answered.map(drop).map_err(|error| ReadError::Unavailable(error.to_string()))
    }
}

impl Claim for JetStreamClaim {
    fn extend(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.tell(AckKind::Progress).await {
                tracing::debug!(%error, "a claim could not be extended");
            }
        })
    }

    fn done(&self) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(self.tell(AckKind::Ack))
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
