//! What a provider or a mail system says of one message, written down if the message's own history bears it out.

use std::time::Duration;

use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested, SuppressionCause, SuppressionEvent};
use twofold_domain::{Channel, CommitId, MessageId, Mode, TenantId};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, AppendError, Expected, NewCommit, Seq, Subject};

use super::ledger::MessageLedger;
use super::suppression::{ListChange, decide};
use crate::chain::Chain;
use crate::engine::Engine;
use crate::error::EngineError;

/// Attempts against the worker and other reports of the same message.
const ATTEMPTS: usize = 8;
/// A report may be faster than the worker's own entry. It waits for that one this often,
const WAITS: usize = 8;
/// for so long each time.
const WAIT: Duration = Duration::from_millis(250);

/// How a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// It arrived.
    Delivered,
    /// It did not.
    Bounced {
        /// Fixed words and a code.
        cause: String,
        /// The destination itself is to blame.
        permanent: bool,
    },
    /// It arrived, and its reader calls it spam.
    Complained,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedBy<'a> {
    /// A provider, proved by its signature.
    Provider {
        /// Its name in the channel's document.
        name: &'a str,
        /// Its own id of the message.
        id: Option<&'a str>,
    },
    /// A mail system, which knows nothing of our providers.
    MailSystem,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport<'a> {
    /// How the message went out.
    pub channel: Channel,
    /// Which.
    pub message: &'a MessageId,
    /// Who says so.
    pub by: ReportedBy<'a>,
    /// What.
    pub what: Reported,
    /// Why nothing must go to its destination any more, if so.
    pub suppress: Option<SuppressionCause>,
}

/// What to do with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Write this down, and the suppression beside it.
    Record(Option<DeliveryEvent>),
    /// It says nothing new, or nothing that can be believed.
    Nothing,
    /// Nobody is known to have taken the message yet.
    TooEarly,
}

/// Judges a report by the message's ledger. The first end that was reported stays. `waited`: the worker had its time, and
/// will most likely not write down who took the message.
fn judge(ledger: &MessageLedger, report: &DeliveryReport<'_>, waited: bool) -> Verdict {
    if ledger.captured {
        return Verdict::Nothing;
    }
    let named = match report.by {
        ReportedBy::Provider { name, .. } => Some(name.to_owned()),
        ReportedBy::MailSystem => ledger.accepted.as_ref().and_then(|by| by.provider.clone()),
    };
    let believed = ledger.accepted.as_ref().map(|by| match report.by {
        ReportedBy::Provider { name, id } => by.is(name, id),
        ReportedBy::MailSystem => true,
    });
    match (believed, &report.what) {
        (Some(false), _) => Verdict::Nothing,
        (Some(true), Reported::Complained) => Verdict::Record(None),
        (_, _) if ledger.delivered || ledger.bounced => Verdict::Nothing,
        (Some(true), Reported::Delivered) => Verdict::Record(Some(DeliveryEvent::Delivered { provider: named })),
        (Some(true), Reported::Bounced { cause, permanent }) => Verdict::Record(Some(DeliveryEvent::Bounced {
            provider: named,
            cause: cause.clone(),
            permanent: *permanent,
        })),
        // An attempt with an unknown end, or of a worker that died over it, did arrive after all.
        (None, Reported::Delivered) if if ledger.over { ledger.unconfirmed } else { waited } => {
            Verdict::Record(Some(DeliveryEvent::Delivered { provider: named }))
        }
        (None, _) if ledger.over || waited => Verdict::Nothing,
        (None, _) => Verdict::TooEarly,
    }
}

fn match_request(event: &DeliveryEvent) -> Option<&DeliveryRequested> {
    if let DeliveryEvent::Requested(asked) = event { Some(asked) } else { None }
}

impl Engine {
    /// Takes a report about a message of this tenant and mode: the position where it was written down, or none when it
    /// changed nothing. A message that is unknown, of another tenant, or of another provider than the one that took it is
    /// never touched, and a repetition finds its work done.
    ///
    /// # Errors
    /// The log does not answer, or the message kept changing meanwhile.
    pub async fn report_delivery(
        &self,
        tenant: &TenantId,
        report: &DeliveryReport<'_>,
    ) -> Result<Option<Seq>, EngineError> {
        // One entry, and one more for each time an operator gave it another chance.
        let asks = self.message_entries(&Subject::delivery(report.channel, tenant, report.message)).await?;
        let requested = asks.iter().find_map(|(_, event)| match_request(event));
        // Unknown, or not of this tenant and channel.
        let Some(asked) = requested else { return Ok(None) };
        if asked.mode != Mode::Live {
            return Ok(None);
        }
        let mut waits = 0;
        for _ in 0..ATTEMPTS + WAITS {
            let entries = self.message_entries(&Subject::ledger(tenant, report.message)).await?;
            let ledger = MessageLedger::of(&entries, &asks);
            let event = match judge(&ledger, report, waits == WAITS) {
                Verdict::Record(event) => event,
                Verdict::Nothing => return Ok(None),
                Verdict::TooEarly => {
                    waits += 1;
                    tokio::time::sleep(WAIT).await;
                    continue;
                }
            };
            let group = self.report_group(tenant, asked, report, &ledger, event).await?;
            if group.commits.is_empty() {
                return Ok(None);
            }
            match self.parts.log.append(group).await {
                Ok(appended) => return Ok(appended.seqs.last().copied()),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Conflict)
    }

    /// The entry and the suppression, together or not at all.
    async fn report_group(
        &self,
        tenant: &TenantId,
        asked: &DeliveryRequested,
        report: &DeliveryReport<'_>,
        ledger: &MessageLedger,
        event: Option<DeliveryEvent>,
    ) -> Result<Append, EngineError> {
        let meta = Meta {
            at: self.parts.clock.now(),
            actor: ActorKind::System,
            actor_token: None,
            request_id: None,
            private: None,
        };
        let mut commits = Vec::with_capacity(2);
        if let Some(event) = event {
            let subject = Subject::ledger(tenant, report.message);
            let id = CommitId::from_bytes(self.parts.rng.bytes16());
            let body = wire::encode_delivery(&meta, std::slice::from_ref(&event));
            let (payload, _) = Chain::start().seal(&self.parts.keyring, &subject, &id, body);
            // Exactly after what it was judged by: of two reports at once, the second is judged again.
            let expected = Some(ledger.head.map_or(Expected::NoStream, Expected::Exact));
            commits.push(NewCommit { subject, expected, id, payload });
        }
        if let Some(cause) = report.suppress {
            let subject = Subject::suppression(tenant, &asked.destination.fingerprint);
            let change = ListChange::Suppress { channel: asked.channel, cause, message: Some(report.message.clone()) };
            let place = self.suppression_place(&subject, None).await?;
            let listed = place.and_then(|place| decide(place.now.as_ref(), &change).map(|event| (place, event)));
            if let Some((place, event @ SuppressionEvent::Suppressed { .. })) = listed {
                let id = CommitId::from_bytes(self.parts.rng.bytes16());
                commits.push(self.suppression_commit(&subject, &place, &event, &meta, id));
            }
        }
        Ok(Append { commits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::AcceptedBy;

    fn report(what: Reported, name: &'static str, id: Option<&'static str>, message: &MessageId) -> Verdict {
        let by = ReportedBy::Provider { name, id };
        judge(&taken(), &DeliveryReport { channel: Channel::Sms, message, by, what, suppress: None }, false)
    }

    fn taken() -> MessageLedger {
        let by = AcceptedBy { provider: Some("main".to_owned()), id: Some("SM1".to_owned()) };
        MessageLedger { accepted: Some(by), ..MessageLedger::default() }
    }

    fn bounced() -> Reported {
        Reported::Bounced { cause: "undelivered (30003)".to_owned(), permanent: false }
    }

    #[test]
    fn only_who_took_a_message_can_say_how_it_ended() {
        let message = MessageId::from_bytes([1; 16]);
        for (name, id, believed) in [
            ("main", Some("SM1"), true),
            ("other", Some("SM1"), false),
            ("main", Some("SM2"), false),
            ("main", None, false),
        ] {
            for what in [Reported::Delivered, bounced(), Reported::Complained] {
                let verdict = report(what, name, id, &message);
                assert_eq!(verdict != Verdict::Nothing, believed, "{name} {id:?} {verdict:?}");
            }
        }
    }

    #[test]
    fn the_first_end_stays_and_what_is_over_stays_over() {
        let message = MessageId::from_bytes([1; 16]);
        let by = ReportedBy::Provider { name: "main", id: Some("SM1") };
        let judged = |ledger: &MessageLedger, what, waited| {
            let report = DeliveryReport { channel: Channel::Sms, message: &message, by, what, suppress: None };
            judge(ledger, &report, waited)
        };
        let verdict = |ledger: &MessageLedger, what| judged(ledger, what, false);
        let ended = [
            MessageLedger { delivered: true, ..taken() },
            MessageLedger { bounced: true, ..taken() },
            MessageLedger { captured: true, ..MessageLedger::default() },
            MessageLedger { over: true, ..MessageLedger::default() },
        ];
        for ledger in &ended {
            assert_eq!(verdict(ledger, Reported::Delivered), Verdict::Nothing, "{ledger:?}");
            assert_eq!(verdict(ledger, bounced()), Verdict::Nothing, "{ledger:?}");
        }
        let open = MessageLedger::default();
        assert_eq!(verdict(&open, Reported::Delivered), Verdict::TooEarly);
        assert_eq!(verdict(&open, bounced()), Verdict::TooEarly);
        assert!(
            matches!(judged(&open, Reported::Delivered, true), Verdict::Record(Some(_))),
            "its worker died over it"
        );
        assert_eq!(judged(&open, bounced(), true), Verdict::Nothing);
        let lost = MessageLedger { over: true, unconfirmed: true, ..MessageLedger::default() };
        assert!(matches!(verdict(&lost, Reported::Delivered), Verdict::Record(Some(_))), "it arrived after all");
        assert_eq!(verdict(&lost, bounced()), Verdict::Nothing);
    }
}
