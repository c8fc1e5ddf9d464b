//! What the ledger says of a message.

use twofold_domain::delivery::DeliveryEvent;
use twofold_event_log::{Seq, Subject};

use super::reader::{PAGE, Reader};
use super::request::Request;
use super::route::{Ending, Mark, Tries};
use crate::transport::config::DEFAULT_PROVIDER;

/// What was tried before, by this process or an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// Attempts made.
    pub(super) attempts: u32,
    /// With which providers.
    pub(super) tries: Tries,
    /// How often in a row it had to wait for something of our own; by this process.
    pub(super) waits: u32,
}

/// What a cause of the ledger says of the provider; nothing when none was asked.
fn ending(cause: &str) -> Option<Ending> {
    match cause.split(':').next() {
        Some("unknown") => Some(Ending::Unknown),
        Some("permanent" | "misconfigured") => Some(Ending::Refused),
        Some("temporary") => Some(Ending::Failed),
        Some(_) | None => None,
    }
}

/// Whether there is anything left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    Ended,
    Tried(Past),
    /// Whoever sent it was stopped while a provider had it in hand: nobody knows whether it went out, and this is to be
    /// written down.
    Lost(DeliveryEvent),
}

/// The cause of a message whose sender was stopped in the middle.
const SENDER_STOPPED: &str = "unknown: sender_stopped";

/// One message's entries; their order does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries {
    attempts: u32,
    /// The last final one.
    ended: Option<Seq>,
    failures: Vec<(Seq, Mark, Ending)>,
    /// The last attempt that a provider had in hand.
    in_hand: Option<(u32, Seq, Option<String>)>,
}

impl Entries {
    /// Adds what the commit at a position says.
    pub(super) fn note(&mut self, event: &DeliveryEvent, at: Seq) {
        if event.is_final() {
            self.ended = self.ended.max(Some(at));
        }
        let (attempt, cause, provider) = match event {
            DeliveryEvent::Retrying { attempt, cause, provider } | DeliveryEvent::Dead { attempt, cause, provider } => {
                (attempt, cause, provider)
            }
            DeliveryEvent::HandingOver { attempt, provider } => {
                if self.in_hand.as_ref().is_none_or(|(latest, ..)| latest < attempt) {
                    self.in_hand = Some((*attempt, at, provider.clone()));
                }
                return;
            }
            DeliveryEvent::Requested(_)
            | DeliveryEvent::Accepted { .. }
            | DeliveryEvent::Captured
            | DeliveryEvent::Expired { .. }
            | DeliveryEvent::Superseded
            | DeliveryEvent::Delivered { .. }
            | DeliveryEvent::Bounced { .. }
            | DeliveryEvent::Redriven => return,
        };
        self.attempts = self.attempts.max(*attempt);
        if let Some(ending) = ending(cause) {
            // Entries of before there were several name none.
            self.failures.push((at, Mark::of(provider.as_deref().unwrap_or(DEFAULT_PROVIDER)), ending));
        }
    }

    /// What is left of a message that was asked for at a position. What lies before it is an earlier life, which an
    /// operator did not accept the end of: its attempts stay counted, and every provider gets another chance.
    pub(super) fn since(&self, asked: Seq) -> Known {
        if self.ended.is_some_and(|end| end > asked) {
            return Known::Ended;
        }
        if let Some((attempt, at, provider)) = &self.in_hand
            && (*at > asked && *attempt > self.attempts)
        {
            let (cause, provider) = (SENDER_STOPPED.to_owned(), provider.clone());
            return Known::Lost(DeliveryEvent::Dead { attempt: *attempt, cause, provider });
        }
        let mut past = Past { attempts: self.attempts, ..Past::default() };
        for (_, provider, ending) in self.failures.iter().filter(|(at, ..)| *at > asked) {
            past.tries.note(*provider, *ending);
        }
        Known::Tried(past)
    }
}

/// Reads one message's part of the ledger, however long the log is away.
pub(super) async fn known_of(reader: &Reader, request: &Request) -> Known {
    let subject = Subject::ledger(&request.tenant, &request.asked.message);
    let mut entries = Entries::default();
    let mut after = Seq::ZERO;
    loop {
        let page = reader.patiently(|log| log.read_subject(&subject, after, PAGE)).await;
        let Some(last) = page.last() else { return entries.since(request.asked_at) };
        after = last.seq;
        for stored in &page {
            let Some(entry) = reader.entry(stored) else { continue };
            entry.events.iter().for_each(|event| entries.note(event, stored.seq));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrying(attempt: u32, cause: &str) -> DeliveryEvent {
        DeliveryEvent::Retrying { attempt, cause: cause.to_owned(), provider: None }
    }

    fn dead(attempt: u32) -> DeliveryEvent {
        DeliveryEvent::Dead { attempt, cause: "permanent: 550".to_owned(), provider: None }
    }

    fn entries(events: &[(DeliveryEvent, u64)]) -> Entries {
        let mut entries = Entries::default();
        for (event, at) in events {
            entries.note(event, Seq(*at));
        }
        entries
    }

    #[test]
    fn the_ledger_says_what_is_left_to_do_in_any_order() {
        let two = [(retrying(2, "temporary: timeout"), 9), (retrying(1, "unknown: cut_after_data"), 8)];
        let Known::Tried(past) = entries(&two).since(Seq(7)) else { panic!("it is open") };
        assert_eq!((past.attempts, past.tries == Tries::default()), (2, false));
        let over = [(DeliveryEvent::Superseded, 9), (retrying(1, "temporary: timeout"), 8)];
        assert_eq!(entries(&over).since(Seq(7)), Known::Ended);
    }

    #[test]
    fn what_a_provider_had_in_hand_without_a_later_word_is_never_sent_again_unless_it_is_redriven() {
        let in_hand = |attempt| DeliveryEvent::HandingOver { attempt, provider: Some("main".to_owned()) };
        let lost = entries(&[(in_hand(2), 9), (retrying(1, "temporary: timeout"), 8)]);
        let cause = SENDER_STOPPED.to_owned();
        let dead = DeliveryEvent::Dead { attempt: 2, cause, provider: Some("main".to_owned()) };
        assert_eq!(lost.since(Seq(7)), Known::Lost(dead));
        assert!(matches!(lost.since(Seq(10)), Known::Tried(Past { attempts: 1, .. })), "redriven");
        // A failed attempt may be written down before the note that it was begun.
        let told = entries(&[(retrying(2, "temporary: timeout"), 8), (in_hand(2), 9)]);
        assert!(matches!(told.since(Seq(7)), Known::Tried(Past { attempts: 2, .. })));
        let accepted = DeliveryEvent::Accepted { attempt: 2, provider_id: None, provider: None, region: None };
        assert_eq!(entries(&[(accepted, 10), (in_hand(2), 9)]).since(Seq(7)), Known::Ended);
    }

    #[test]
    fn a_redriven_message_is_open_until_it_ends_again_and_keeps_counting_its_attempts() {
        let once = [(dead(2), 9), (retrying(1, "unknown: cut_after_data"), 8)];
        assert_eq!(
            entries(&once).since(Seq(7)),
            Known::Ended,
            "the request itself, should the queue hand it out again"
        );
        let fresh = Past { attempts: 2, ..Past::default() };
        assert_eq!(entries(&once).since(Seq(10)), Known::Tried(fresh), "who refused it then is asked again");
        let again = [(dead(3), 11), (dead(2), 9)];
        assert_eq!(entries(&again).since(Seq(10)), Known::Ended);
    }
}
