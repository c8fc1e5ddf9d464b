//! What an operator does with a dead message: give it another chance, or put it away.

use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::{Channel, CommitId, MessageId, TenantId};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, Expected, NewCommit, Seq, Subject};

use crate::chain::Chain;
use crate::context::RequestContext;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::seal::{Label, aad};

/// What became of the wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadMessage {
    /// It is open again; a worker takes it up.
    Redriven(Seq),
    /// It was put away as expired: its time is over, or it was to be dropped.
    Dropped(Seq),
    /// It is not dead: open, delivered, or put away already. Nothing was written.
    NotDead,
    /// There is no such message. Nothing was written.
    Unknown,
}

/// A message as far as it matters here.
struct Standing {
    asked: DeliveryRequested,
    /// The last commit that asked for it.
    asked_at: Seq,
    /// Attempts, when its last end was a dead one.
    dead_after: Option<u32>,
}

impl Engine {
    /// Opens a dead message again, for any worker to take up. One whose time is over is put away instead and never sent.
    /// Of several who ask at the same time one is heard.
    ///
    /// # Errors
    /// Log or key store out of reach, or somebody else was faster ([`EngineError::Conflict`]).
    pub async fn redrive(
        &self,
        tenant: &TenantId,
        channel: Channel,
        message: &MessageId,
        context: &RequestContext,
    ) -> Result<DeadMessage, EngineError> {
        let subject = Subject::delivery(channel, tenant, message);
        let Some(standing) = self.standing(&subject, tenant, message).await? else { return Ok(DeadMessage::Unknown) };
        let Some(attempt) = standing.dead_after else { return Ok(DeadMessage::NotDead) };
        if self.parts.clock.now() >= standing.asked.expires_at {
            return self.put_away(tenant, &standing, attempt, context).await;
        }
        // On the request's own subject: that is what the queue hands out and what a worker without a queue follows.
        let expected = Some(Expected::Exact(standing.asked_at));
        let event = DeliveryEvent::Redriven;
        self.note(tenant, subject, expected, &standing, &event, context).await.map(DeadMessage::Redriven)
    }

    /// Puts a dead message away, so that nobody looks at it any more.
    ///
    /// # Errors
    /// Log or key store out of reach.
    pub async fn drop_dead(
        &self,
        tenant: &TenantId,
        channel: Channel,
        message: &MessageId,
        context: &RequestContext,
    ) -> Result<DeadMessage, EngineError> {
        let subject = Subject::delivery(channel, tenant, message);
        let Some(standing) = self.standing(&subject, tenant, message).await? else { return Ok(DeadMessage::Unknown) };
        let Some(attempt) = standing.dead_after else { return Ok(DeadMessage::NotDead) };
        self.put_away(tenant, &standing, attempt, context).await
    }

    async fn put_away(
        &self,
        tenant: &TenantId,
        standing: &Standing,
        attempt: u32,
        context: &RequestContext,
    ) -> Result<DeadMessage, EngineError> {
        let subject = Subject::ledger(tenant, &standing.asked.message);
        let event = DeliveryEvent::Expired { attempt };
        self.note(tenant, subject, None, standing, &event, context).await.map(DeadMessage::Dropped)
    }

    async fn standing(
        &self,
        subject: &Subject,
        tenant: &TenantId,
        message: &MessageId,
    ) -> Result<Option<Standing>, EngineError> {
        let asks = self.message_entries(subject).await?;
        let asked =
            asks.iter().find_map(
                |(_, event)| {
                    if let DeliveryEvent::Requested(asked) = event { Some(asked.clone()) } else { None }
                },
            );
        let (Some(asked), Some((asked_at, _))) = (asked, asks.last()) else { return Ok(None) };
        let ledger = self.message_entries(&Subject::ledger(tenant, message)).await?;
        let end = ledger.iter().rev().find(|(at, event)| at > asked_at && event.is_final());
        let dead_after = end
            .and_then(|(_, event)| if let DeliveryEvent::Dead { attempt, .. } = event { Some(*attempt) } else { None });
        Ok(Some(Standing { asked, asked_at: *asked_at, dead_after }))
    }

    async fn note(
        &self,
        tenant: &TenantId,
        subject: Subject,
        expected: Option<Expected>,
        standing: &Standing,
        event: &DeliveryEvent,
        context: &RequestContext,
    ) -> Result<Seq, EngineError> {
        let meta = self.message_meta(tenant, &standing.asked, context).await?;
        let id = CommitId::from_bytes(self.parts.rng.bytes16());
        let body = wire::encode_delivery(&meta, std::slice::from_ref(event));
        let (payload, _) = Chain::start().seal(&self.parts.keyring, &subject, &id, body);
        let appended = self.parts.log.append(Append::one(NewCommit { subject, expected, id, payload })).await?;
        Ok(appended.seqs.first().copied().unwrap_or(Seq::ZERO))
    }

    /// The reason is sealed under the key of the user the message is for, as everything else about him.
    async fn message_meta(
        &self,
        tenant: &TenantId,
        asked: &DeliveryRequested,
        context: &RequestContext,
    ) -> Result<Meta, EngineError> {
        let private = match context.private() {
            None => None,
            Some(private) => {
                let key = self.parts.vault.confirmed(tenant, &asked.user).await?;
                let text = serde_json::to_vec(&private).map_err(|e| EngineError::Integrity(e.to_string()))?;
                Some(key.seal(&aad(Label::Private, tenant.as_str(), asked.user.as_str()), &text, &*self.parts.rng))
            }
        };
        Ok(Meta {
            at: self.parts.clock.now(),
            actor: context.actor.kind,
            actor_token: None,
            request_id: context.request_id.clone(),
            private,
        })
    }
}
