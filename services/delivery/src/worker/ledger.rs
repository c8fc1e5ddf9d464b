//! Writing down what became of a message.

use std::sync::Arc;

use twofold_crypto::Random;
use twofold_domain::CommitId;
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::DeliveryEvent;
use twofold_engine::{Chain, Engine};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, AppendError, NewCommit, Subject};

use super::backoff::short_pause;
use super::request::Request;
use super::status::DeliveryStatus;

/// The pen.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) engine: Arc<Engine>,
    pub(super) rng: Arc<dyn Random>,
    pub(super) status: DeliveryStatus,
}

impl Ledger {
    /// Appends an entry, however long it takes: an outcome that is not written down leads to another message.
    /// The commit id stays the same from try to try, so a lost acknowledgement writes nothing twice.
    pub(super) async fn record(&self, request: &Request, event: &DeliveryEvent) {
        let commit = self.commit(request, event);
        let mut failed = 0;
        loop {
            match self.engine.log().append(Append::one(commit.clone())).await {
                Ok(_) => break,
                Err(error @ (AppendError::Unavailable { .. } | AppendError::Overloaded)) => {
                    failed += 1;
                    tracing::warn!(message = %request.asked.message, %error, failed, "the outcome of a delivery cannot be recorded yet");
                    tokio::time::sleep(short_pause(failed, &*self.rng)).await;
                }
                Err(
                    error @ (AppendError::Conflict { .. } | AppendError::TooLarge { .. } | AppendError::Invalid(_)),
                ) => {
                    tracing::error!(message = %request.asked.message, %error, "the outcome of a delivery cannot be recorded");
                    return;
                }
            }
        }
        self.status.recorded(event);
        tell(request, event);
    }

    fn commit(&self, request: &Request, event: &DeliveryEvent) -> NewCommit {
        let meta = Meta {
            at: self.engine.clock().now(),
            actor: ActorKind::System,
            actor_token: None,
            request_id: request.caused_by.clone(),
            private: None,
        };
        let subject = Subject::ledger(&request.tenant, &request.asked.message);
        let id = CommitId::from_bytes(self.rng.bytes16());
        let body = wire::encode_delivery(&meta, std::slice::from_ref(event));
        let (payload, _) = Chain::start().seal(self.engine.keyring(), &subject, &id, body);
        NewCommit { subject, expected: None, id, payload }
    }
}

fn tell(request: &Request, event: &DeliveryEvent) {
    let (tenant, message, channel) = (&request.tenant, &request.asked.message, request.asked.channel.name());
    let outcome = event.name();
    match event {
        DeliveryEvent::Dead { attempt, cause } => {
            tracing::warn!(%tenant, %message, channel, attempt, cause, outcome, "a message will not be delivered");
        }
        DeliveryEvent::Retrying { attempt, cause } => {
            tracing::info!(%tenant, %message, channel, attempt, cause, outcome, "an attempt failed");
        }
        DeliveryEvent::Accepted { attempt, .. } | DeliveryEvent::Expired { attempt } => {
            tracing::info!(%tenant, %message, channel, attempt, outcome, "a message came to its end");
        }
        DeliveryEvent::Requested(_) | DeliveryEvent::Captured | DeliveryEvent::Superseded => {
            tracing::info!(%tenant, %message, channel, outcome, "a message came to its end");
        }
    }
}
