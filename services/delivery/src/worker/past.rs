//! What the ledger says of a message.

use twofold_domain::delivery::DeliveryEvent;
use twofold_event_log::{Seq, Subject};

use super::reader::{PAGE, Reader};
use super::request::Request;

/// What was tried before, by this process or an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// Attempts made.
    pub(super) attempts: u32,
    /// One of them ended without anybody knowing how.
    pub(super) unconfirmed: bool,
}

/// Whether there is anything left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Ended,
    Tried(Past),
}

impl Known {
    /// Adds an entry; their order does not matter.
    pub(super) fn note(&mut self, event: &DeliveryEvent) {
        if event.is_final() {
            *self = Self::Ended;
        }
        if let (Self::Tried(past), DeliveryEvent::Retrying { attempt, cause }) = (self, event) {
            past.attempts = past.attempts.max(*attempt);
            past.unconfirmed |= cause.starts_with("unknown:");
        }
    }
}

/// Reads one message's part of the ledger, however long the log is away.
pub(super) async fn known_of(reader: &Reader, request: &Request) -> Known {
    let subject = Subject::ledger(&request.tenant, &request.asked.message);
    let mut known = Known::Tried(Past::default());
    let mut after = Seq::ZERO;
    loop {
        let page = reader.patiently(|log| log.read_subject(&subject, after, PAGE)).await;
        let Some(last) = page.last() else { return known };
        after = last.seq;
        for entry in page.iter().filter_map(|stored| reader.entry(stored)) {
            entry.events.iter().for_each(|event| known.note(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_says_what_is_left_to_do_in_any_order() {
        let retrying = |attempt, cause: &str| DeliveryEvent::Retrying { attempt, cause: cause.to_owned() };
        let after = |events: &[DeliveryEvent]| {
            let mut known = Known::Tried(Past::default());
            for event in events {
                known.note(event);
            }
            known
        };
        let two = [retrying(2, "temporary: timeout"), retrying(1, "unknown: cut_after_data")];
        assert_eq!(after(&two), Known::Tried(Past { attempts: 2, unconfirmed: true }));
        assert_eq!(after(&[DeliveryEvent::Superseded, retrying(1, "temporary: timeout")]), Known::Ended);
    }
}
