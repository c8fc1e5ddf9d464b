//! A delivery request as the log holds it, checked and read.

use std::sync::Arc;

use twofold_crypto::Keyring;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::{TenantId, Timestamp};
use twofold_engine::Chain;
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Seq, Stored, Subject};

/// A message to be carried.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) tenant: TenantId,
    /// When it was asked for.
    pub(super) at: Timestamp,
    /// Where it was asked for, or last redriven: an end before that is not the end.
    pub(super) asked_at: Seq,
    /// An operator gave it another chance.
    pub(super) redriven: bool,
    /// The panel's request that led to it.
    pub(super) caused_by: Option<String>,
    /// The trace of that request, where the log carries it.
    pub(super) trace: Option<Arc<str>>,
    pub(super) asked: DeliveryRequested,
}

/// What one commit of the delivery or ledger category says.
pub(super) struct Entry {
    pub(super) tenant: TenantId,
    pub(super) at: Timestamp,
    pub(super) caused_by: Option<String>,
    pub(super) events: Vec<DeliveryEvent>,
}

/// Reads a commit. `None`, and an error in the log, for one that no writer of ours made or that this version cannot
/// read: nothing is recorded of it, so a version that can read it will find it open.
pub(super) fn entry(keyring: &Keyring, stored: &Stored) -> Option<Entry> {
    match read(keyring, stored) {
        Ok(entry) => Some(entry),
        Err(error) => {
            tracing::error!(subject = %stored.subject, seq = stored.seq.0, error, "an entry of the delivery log cannot be read");
            None
        }
    }
}

fn read(keyring: &Keyring, stored: &Stored) -> Result<Entry, String> {
    Chain::start().check(keyring, stored).map_err(|error| error.to_string())?;
    let decoded = wire::decode(&stored.subject, &stored.payload).map_err(|error| error.to_string())?;
    let tenant = stored.subject.tenant_id().ok_or("no tenant")?;
    let events = decoded.events.into_iter().filter_map(|event| match event {
        Event::Delivery(event) => Some(event),
        Event::User(_) | Event::Tenant(_) | Event::Account(_) | Event::Suppression(_) => None,
    });
    Ok(Entry { tenant, at: decoded.meta.at, caused_by: decoded.meta.request_id, events: events.collect() })
}

/// Whether a commit of a request's subject opens the message again.
pub(super) fn is_redriven(entry: &Entry) -> bool {
    entry.events.contains(&DeliveryEvent::Redriven)
}

/// The request a commit of its own subject holds.
pub(super) fn request(entry: Entry, stored: &Stored) -> Option<Request> {
    let Entry { tenant, at, caused_by, events } = entry;
    let asked = events.into_iter().find_map(|event| match event {
        DeliveryEvent::Requested(asked) => Some(asked),
        DeliveryEvent::HandingOver { .. }
        | DeliveryEvent::Retrying { .. }
        | DeliveryEvent::Accepted { .. }
        | DeliveryEvent::Captured
        | DeliveryEvent::Dead { .. }
        | DeliveryEvent::Expired { .. }
        | DeliveryEvent::Superseded
        | DeliveryEvent::Delivered { .. }
        | DeliveryEvent::Bounced { .. }
        | DeliveryEvent::Redriven => None,
    })?;
    if stored.subject != Subject::delivery(asked.channel, &tenant, &asked.message) {
        tracing::error!(subject = %stored.subject, seq = stored.seq.0, "a delivery request lies under another subject");
        return None;
    }
    let asked_at = stored.seq;
    Some(Request { tenant, at, asked_at, redriven: false, caused_by, trace: stored.trace.clone(), asked })
}
