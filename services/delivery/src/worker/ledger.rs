//! Writing down what became of a message.

use std::sync::Arc;

use twofold_crypto::Random;
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{CommitId, MessageId};
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
        if self.append(Append::one(self.commit(request, event)), &request.asked.message).await {
            self.told(request, event);
        }
    }

    /// Appends entries of several messages as one group; otherwise like [`Ledger::record`].
    pub(super) async fn record_together(&self, entries: &[(Request, DeliveryEvent)]) {
        let Some((first, _)) = entries.first() else { return };
        let commits = entries.iter().map(|(request, event)| self.commit(request, event)).collect();
        if self.append(Append { commits }, &first.asked.message).await {
            for (request, event) in entries {
                self.told(request, event);
            }
        }
    }

    /// Answers whether it was appended; the log refuses nothing that is well-formed.
    async fn append(&self, group: Append, message: &MessageId) -> bool {
        let mut failed = 0;
        loop {
            match self.engine.log().append(group.clone()).await {
                Ok(_) => return true,
                Err(error @ (AppendError::Unavailable { .. } | AppendError::Overloaded)) => {
                    failed += 1;
                    tracing::warn!(%message, %error, failed, "the outcome of a delivery cannot be recorded yet");
                    tokio::time::sleep(short_pause(failed, &*self.rng)).await;
                }
                Err(
                    error @ (AppendError::Conflict { .. } | AppendError::TooLarge { .. } | AppendError::Invalid(_)),
                ) => {
                    tracing::error!(%message, %error, "the outcome of a delivery cannot be recorded");
                    return false;
                }
            }
        }
    }

    fn told(&self, request: &Request, event: &DeliveryEvent) {
        self.status.recorded(request, event, self.engine.clock().now());
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
        DeliveryEvent::Dead { attempt, cause, provider } => {
            let provider = provider.as_deref();
            tracing::warn!(%tenant, %message, channel, provider, attempt, cause, outcome, "a message will not be delivered");
        }
        DeliveryEvent::Retrying { attempt, cause, provider } => {
            let provider = provider.as_deref();
            tracing::info!(%tenant, %message, channel, provider, attempt, cause, outcome, "an attempt failed");
        }
        DeliveryEvent::Accepted { attempt, provider, .. } => {
            let provider = provider.as_deref();
            tracing::info!(%tenant, %message, channel, provider, attempt, outcome, "a message came to its end");
        }
        DeliveryEvent::Expired { attempt } => {
            tracing::info!(%tenant, %message, channel, attempt, outcome, "a message came to its end");
        }
        DeliveryEvent::HandingOver { attempt, provider } => {
            let provider = provider.as_deref();
            tracing::debug!(%tenant, %message, channel, provider, attempt, outcome, "a provider takes its time");
        }
        DeliveryEvent::Requested(_)
        | DeliveryEvent::Captured
        | DeliveryEvent::Superseded
        | DeliveryEvent::Delivered { .. }
        | DeliveryEvent::Bounced { .. }
        | DeliveryEvent::Redriven => {
            tracing::info!(%tenant, %message, channel, outcome, "a message came to its end");
        }
    }
}
