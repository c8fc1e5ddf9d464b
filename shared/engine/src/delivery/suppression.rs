//! The suppression list of a tenant: one subject for each destination, named by its keyed hash.

use twofold_domain::delivery::{SuppressionCause, SuppressionEvent};
use twofold_domain::{Channel, CommitId, KeyedHash, MessageId, TenantId, Timestamp};
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Append, AppendError, Expected, NewCommit, Seq, Subject};

use crate::chain::Chain;
use crate::context::RequestContext;
use crate::engine::Engine;
use crate::error::EngineError;

const PAGE: usize = 100;
/// Attempts against others that change the same destination.
const ATTEMPTS: usize = 4;

/// Why nothing is sent to a destination, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// An address or a number.
    pub channel: Channel,
    /// Why.
    pub cause: SuppressionCause,
    /// The message that showed it.
    pub message: Option<MessageId>,
    /// Since when.
    pub since: Timestamp,
}

/// What is to be done with a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListChange {
    /// Send nothing there any more. One that is on the list stays there for its first cause, unless a person decides.
    Suppress {
        /// An address or a number.
        channel: Channel,
        /// Why.
        cause: SuppressionCause,
        /// The message that showed it.
        message: Option<MessageId>,
    },
    /// Send there again.
    Release {
        /// Only if it is on the list for this; none: whatever the cause.
        only: Option<SuppressionCause>,
    },
}

/// How a destination stands after a change was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionChange {
    /// What holds now; none: messages may go there.
    pub now: Option<Suppression>,
    /// Position of the destination's last change.
    pub position: Seq,
    /// Whether anything was appended.
    pub changed: bool,
}

/// Where a destination's subject stands.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) now: Option<Suppression>,
    head: Option<Seq>,
    chain: Chain,
}

impl Place {
    fn apply(&mut self, event: &SuppressionEvent, at: Timestamp) {
        self.now = match event {
            SuppressionEvent::Suppressed { channel, cause, message } => {
                Some(Suppression { channel: *channel, cause: *cause, message: message.clone(), since: at })
            }
            SuppressionEvent::Released => None,
        };
    }
}

/// The event a change leads to, if it changes anything.
pub(super) fn decide(now: Option<&Suppression>, change: &ListChange) -> Option<SuppressionEvent> {
    match (change, now) {
        (ListChange::Suppress { channel, cause, message }, now) => {
            let settled = now.is_some_and(|now| now.cause == *cause || *cause != SuppressionCause::Manual);
            let event = SuppressionEvent::Suppressed { channel: *channel, cause: *cause, message: message.clone() };
            (!settled).then_some(event)
        }
        (ListChange::Release { only }, Some(now)) => {
            only.is_none_or(|cause| cause == now.cause).then_some(SuppressionEvent::Released)
        }
        (ListChange::Release { .. }, None) => None,
    }
}

impl Engine {
    /// Whether a tenant sends nothing to a destination, and why. The hash is [`twofold_crypto::Keyring::destination_hash`].
    ///
    /// # Errors
    /// The log does not answer, or holds what nobody of us wrote.
    pub async fn suppression(
        &self,
        tenant: &TenantId,
        destination: &KeyedHash,
    ) -> Result<(Option<Suppression>, Seq), EngineError> {
        let place = self.suppression_place(&Subject::suppression(tenant, destination), None).await?;
        Ok(place.map_or((None, Seq::ZERO), |place| (place.now, place.head.unwrap_or(Seq::ZERO))))
    }

    /// The name of a change that a provider asks for under an id of its own, so that asking again is recognised.
    pub fn change_name(&self, tenant: &TenantId, provider_id: &str) -> CommitId {
        let hash = self.parts.keyring.fingerprint(tenant, "suppression-change", provider_id.as_bytes());
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        CommitId::from_bytes(bytes)
    }

    /// Changes a tenant's list. `id` names what asks for the change, where it may come again: whatever was done under a
    /// name is not done twice.
    ///
    /// # Errors
    /// The log or the key store does not answer, or others kept changing the same destination.
    pub async fn change_suppression(
        &self,
        tenant: &TenantId,
        destination: &KeyedHash,
        change: &ListChange,
        id: Option<CommitId>,
        context: &RequestContext,
    ) -> Result<SuppressionChange, EngineError> {
        let subject = Subject::suppression(tenant, destination);
        for _ in 0..ATTEMPTS {
            let Some(mut place) = self.suppression_place(&subject, id.as_ref()).await? else {
                let (now, position) = self.suppression(tenant, destination).await?;
                return Ok(SuppressionChange { now, position, changed: false });
            };
            let Some(event) = decide(place.now.as_ref(), change) else {
                let position = place.head.unwrap_or(Seq::ZERO);
                return Ok(SuppressionChange { now: place.now, position, changed: false });
            };
            let meta = self.config_meta(tenant, context).await?;
            let id = id.clone().unwrap_or_else(|| CommitId::from_bytes(self.parts.rng.bytes16()));
            let commit = self.suppression_commit(&subject, &place, &event, &meta, id);
            match self.parts.log.append(Append::one(commit)).await {
                Ok(appended) => {
                    place.apply(&event, meta.at);
                    let position = appended.seqs.first().copied().unwrap_or(Seq::ZERO);
                    return Ok(SuppressionChange { now: place.now, position, changed: true });
                }
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Conflict)
    }

    /// The commit that carries an event on.
    pub(super) fn suppression_commit(
        &self,
        subject: &Subject,
        place: &Place,
        event: &SuppressionEvent,
        meta: &wire::Meta,
        id: CommitId,
    ) -> NewCommit {
        let body = wire::encode_suppression(meta, std::slice::from_ref(event));
        let (payload, _) = place.chain.seal(&self.parts.keyring, subject, &id, body);
        let expected = Some(place.head.map_or(Expected::NoStream, Expected::Exact));
        NewCommit { subject: subject.clone(), expected, id, payload }
    }

    /// Reads a destination's subject; none when a commit of this id is in it already.
    pub(super) async fn suppression_place(
        &self,
        subject: &Subject,
        unless: Option<&CommitId>,
    ) -> Result<Option<Place>, EngineError> {
        let mut place = Place { now: None, head: None, chain: Chain::start() };
        loop {
            let page = self.parts.log.read_subject(subject, place.head.unwrap_or(Seq::ZERO), PAGE).await?;
            for stored in &page {
                if unless == Some(&stored.id) {
                    return Ok(None);
                }
                let integrity = |error: String| EngineError::Integrity(error);
                place.chain =
                    place.chain.check(&self.parts.keyring, stored).map_err(|error| integrity(error.to_string()))?;
                let decoded = wire::decode(subject, &stored.payload).map_err(|error| integrity(error.to_string()))?;
                for event in &decoded.events {
                    if let Event::Suppression(event) = event {
                        place.apply(event, decoded.meta.at);
                    }
                }
                place.head = Some(stored.seq);
            }
            if page.len() < PAGE {
                return Ok(Some(place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cause_stays_a_person_overrides_and_a_release_may_be_bound_to_a_cause() {
        let listed = |cause| Suppression { channel: Channel::Sms, cause, message: None, since: Timestamp(1) };
        let suppress = |cause| ListChange::Suppress { channel: Channel::Sms, cause, message: None };
        let release = |only| ListChange::Release { only };
        let (bounced, opted, manual) =
            (SuppressionCause::Bounced, SuppressionCause::OptedOut, SuppressionCause::Manual);
        for (now, change, changes) in [
            (None, suppress(bounced), true),
            (None, release(None), false),
            (Some(bounced), suppress(bounced), false),
            (Some(bounced), suppress(opted), false),
            (Some(bounced), suppress(manual), true),
            (Some(manual), suppress(opted), false),
            (Some(opted), release(Some(opted)), true),
            (Some(manual), release(Some(opted)), false),
            (Some(manual), release(None), true),
        ] {
            assert_eq!(decide(now.map(listed).as_ref(), &change).is_some(), changes, "{now:?} {change:?}");
        }
    }
}
