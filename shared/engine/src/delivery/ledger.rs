//! One message's ledger: the fold of everything that was written down of it.

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, MessageId, TenantId};
use twofold_event_log::{Seq, Subject};

use super::entries::Entry;
use crate::engine::Engine;
use crate::error::EngineError;

/// The name of a provider in entries made before there were several.
const ONLY_PROVIDER: &str = "default";

/// Where a message stands, for whoever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageStanding {
    /// Not handed over yet.
    Pending,
    /// Taken by a provider, or by the test inbox.
    Sent,
    /// Arrived, as its provider says.
    Delivered,
    /// It did not and will not arrive.
    Failed,
}

impl MessageStanding {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Who took a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedBy {
    /// The channel's provider.
    pub provider: Option<String>,
    /// The provider's own id of the message.
    pub id: Option<String>,
}

impl AcceptedBy {
    /// Whether a provider of this name took it, under this id as far as both are known.
    pub fn is(&self, provider: &str, id: Option<&str>) -> bool {
        let same_id = match (self.id.as_deref(), id) {
            (Some(known), Some(told)) => known == told,
            (Some(_), None) => false,
            (None, _) => true,
        };
        self.provider.as_deref().unwrap_or(ONLY_PROVIDER) == provider && same_id
    }
}

/// What the ledger says of one message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that may hold together and come in any order")]
pub struct MessageLedger {
    /// Who took it last.
    pub accepted: Option<AcceptedBy>,
    /// It went to the test inbox.
    pub captured: bool,
    /// Its provider says that it arrived.
    pub delivered: bool,
    /// Its provider says that it did not arrive after all.
    pub bounced: bool,
    /// Nothing more is tried, and nobody took it.
    pub over: bool,
    /// An attempt ended without anybody knowing how: a provider may have it all the same.
    pub unconfirmed: bool,
    /// Position of the last entry.
    pub head: Option<Seq>,
}

impl MessageLedger {
    /// The fold of a message's entries and of what its request's subject holds, in the order of the log: a message that was
    /// opened again is open, whatever was its end before.
    pub(super) fn of(entries: &[Entry], asks: &[Entry]) -> Self {
        let mut all: Vec<&Entry> = entries.iter().chain(asks).collect();
        all.sort_by_key(|(at, _)| *at);
        let mut ledger = Self { head: entries.last().map(|(at, _)| *at), ..Self::default() };
        for (_, event) in all {
            ledger.note(event);
        }
        ledger
    }

    /// Adds an entry.
    pub fn note(&mut self, event: &DeliveryEvent) {
        match event {
            DeliveryEvent::Requested(_) => {}
            // Its provider may report before the worker has written down that it took it, or after the worker's death.
            DeliveryEvent::HandingOver { .. } => self.unconfirmed = true,
            DeliveryEvent::Retrying { cause, .. } => self.unconfirmed |= is_unknown(cause),
            DeliveryEvent::Accepted { provider_id, provider, .. } => {
                self.accepted = Some(AcceptedBy { provider: provider.clone(), id: provider_id.clone() });
                self.over = false;
            }
            DeliveryEvent::Captured => self.captured = true,
            DeliveryEvent::Dead { cause, .. } => {
                self.over = true;
                self.unconfirmed |= is_unknown(cause);
            }
            DeliveryEvent::Expired { .. } | DeliveryEvent::Superseded => self.over = true,
            DeliveryEvent::Delivered { .. } => self.delivered = true,
            DeliveryEvent::Bounced { .. } => self.bounced = true,
            DeliveryEvent::Redriven => self.over = false,
        }
    }

    /// Where the message stands.
    pub const fn standing(&self) -> MessageStanding {
        if self.delivered {
            MessageStanding::Delivered
        } else if self.bounced || (self.over && self.accepted.is_none()) {
            MessageStanding::Failed
        } else if self.accepted.is_some() || self.captured {
            MessageStanding::Sent
        } else {
            MessageStanding::Pending
        }
    }
}

fn is_unknown(cause: &str) -> bool {
    cause.starts_with("unknown:")
}

impl Engine {
    /// What the ledger says of a message now; empty for one that is unknown. Costs one read. An operator's redrive is not
    /// in the ledger: [`Self::message_standing`] knows of it.
    ///
    /// # Errors
    /// The log does not answer, or holds an entry that nobody of us wrote.
    pub async fn message_ledger(&self, tenant: &TenantId, message: &MessageId) -> Result<MessageLedger, EngineError> {
        let entries = self.message_entries(&Subject::ledger(tenant, message)).await?;
        Ok(MessageLedger::of(&entries, &[]))
    }

    /// Where a message stands now; pending for one that is unknown. Costs one read, and another one for a message that was
    /// given up: it may have been redriven.
    ///
    /// # Errors
    /// As of [`Self::message_ledger`].
    pub async fn message_standing(
        &self,
        tenant: &TenantId,
        channel: Channel,
        message: &MessageId,
    ) -> Result<MessageStanding, EngineError> {
        let entries = self.message_entries(&Subject::ledger(tenant, message)).await?;
        let ledger = MessageLedger::of(&entries, &[]);
        if !ledger.over {
            return Ok(ledger.standing());
        }
        let asks = self.message_entries(&Subject::delivery(channel, tenant, message)).await?;
        Ok(MessageLedger::of(&entries, &asks).standing())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(events: &[DeliveryEvent]) -> &'static str {
        let mut ledger = MessageLedger::default();
        for event in events {
            ledger.note(event);
        }
        ledger.standing().name()
    }

    fn accepted(provider: Option<&str>, id: Option<&str>) -> DeliveryEvent {
        DeliveryEvent::Accepted {
            attempt: 1,
            provider_id: id.map(str::to_owned),
            provider: provider.map(str::to_owned),
            region: None,
        }
    }

    #[test]
    fn a_message_stands_where_its_entries_say_in_any_order() {
        let dead = DeliveryEvent::Dead { attempt: 1, cause: "permanent: x".to_owned(), provider: None };
        let delivered = DeliveryEvent::Delivered { provider: None };
        let bounced = DeliveryEvent::Bounced { provider: None, cause: String::new(), permanent: true };
        let expired = DeliveryEvent::Expired { attempt: 0 };
        for (events, wanted) in [
            (vec![], "pending"),
            (vec![accepted(None, None)], "sent"),
            (vec![DeliveryEvent::Captured], "sent"),
            (vec![accepted(None, None), delivered.clone()], "delivered"),
            (vec![delivered, accepted(None, None)], "delivered"),
            (vec![accepted(None, None), bounced], "failed"),
            (vec![dead.clone()], "failed"),
            (vec![expired], "failed"),
            (vec![dead.clone(), DeliveryEvent::Redriven], "pending"),
            (vec![dead, DeliveryEvent::Redriven, accepted(None, None)], "sent"),
        ] {
            assert_eq!(standing(&events), wanted, "{events:?}");
        }
    }

    #[test]
    fn an_end_counts_unless_the_message_was_opened_again_after_it() {
        let dead = || DeliveryEvent::Dead { attempt: 1, cause: "permanent: x".to_owned(), provider: None };
        let asks = [(Seq(3), DeliveryEvent::Redriven)];
        for (entries, wanted) in [
            (vec![(Seq(2), dead())], "pending"),
            (vec![(Seq(2), dead()), (Seq(4), dead())], "failed"),
            (vec![(Seq(2), dead()), (Seq(4), accepted(None, None))], "sent"),
            (vec![(Seq(4), dead())], "failed"),
        ] {
            let ledger = MessageLedger::of(&entries, &asks);
            assert_eq!((ledger.standing().name(), ledger.head), (wanted, entries.last().map(|(at, _)| *at)));
        }
    }

    #[test]
    fn only_the_provider_that_took_it_under_the_id_it_gave_is_believed() {
        let by = |provider: Option<&str>, id: Option<&str>| {
            let mut ledger = MessageLedger::default();
            ledger.note(&accepted(provider, id));
            ledger.accepted.expect("taken")
        };
        assert!(by(Some("main"), Some("SM1")).is("main", Some("SM1")));
        assert!(by(None, Some("SM1")).is("default", Some("SM1")), "entries of the time of one provider");
        assert!(by(Some("main"), None).is("main", Some("SM1")));
        for (provider, id) in [("other", Some("SM1")), ("main", Some("SM2")), ("main", None)] {
            assert!(!by(Some("main"), Some("SM1")).is(provider, id), "{provider} {id:?}");
        }
    }
}
