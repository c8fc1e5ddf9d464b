//! The wire schema: how commits are written into the log, apart from the domain's types so that either may change
//! without the other.
//!
//! One payload is one JSON object: who and when ([`Meta`]), the events in order, and a MAC as the last member. Every
//! event carries its type and an integer version; its `data` refuses unknown fields. Changing the shape of a type's
//! data in any way, a new name in one of its enums included, means a new version, a step in `upcast.rs` and new golden
//! files; files of old versions stay for ever. An unknown type or version is an error, never skipped.
//!
//! To add an event: a line in its family's table (`user.rs`, `tenant.rs` or `delivery.rs`; the build fails without it),
//! a sample in the tests, and its golden file by running them once with `UPDATE_GOLDEN=1`.

mod catalogue;
mod delivery;
mod error;
mod family;
mod json;
mod mac;
mod meta;
mod tenant;
mod upcast;
mod user;
mod value;

#[cfg(test)]
mod tests;

use serde_json::value::RawValue;
use twofold_domain::delivery::{DeliveryEvent, SuppressionEvent};
use twofold_domain::tenant::{AccountEvent, TenantEvent};
use twofold_domain::user::UserEvent;

use self::family::Family;
use self::meta::Envelope;
use self::upcast::{STEPS, Step};
use crate::{Category, Subject};

pub use catalogue::{EventDoc, FieldDoc, catalogue, events_document};
pub use error::WireError;
pub use mac::{split_mac, with_mac};
pub use meta::Meta;

/// An event of any aggregate.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of a user.
    User(UserEvent),
    /// Of a tenant.
    Tenant(TenantEvent),
    /// Of an account.
    Account(AccountEvent),
    /// Of a message to be delivered: the request itself, or an entry of its ledger.
    Delivery(DeliveryEvent),
    /// Of a destination that a tenant may have suppressed.
    Suppression(SuppressionEvent),
}

impl Event {
    /// The stable dotted name: the wire type.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::User(event) => event.name(),
            Self::Tenant(event) => event.name(),
            Self::Account(event) => event.name(),
            Self::Delivery(event) => event.name(),
            Self::Suppression(event) => event.name(),
        }
    }

    /// Whether a subject of this category carries such events.
    const fn belongs_to(&self, category: Category) -> bool {
        match self {
            Self::User(_) => matches!(category, Category::User),
            Self::Tenant(_) | Self::Account(_) => matches!(category, Category::Config),
            Self::Delivery(_) => matches!(category, Category::Delivery | Category::Ledger),
            Self::Suppression(_) => matches!(category, Category::Suppression),
        }
    }
}

/// A payload, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Who and when.
    pub meta: Meta,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// As stored. Reading does not check it: see [`split_mac`].
    pub mac: [u8; 32],
}

/// The body of a user's commit, without its MAC: a JSON object.
pub fn encode_user(meta: &Meta, events: &[UserEvent]) -> Vec<u8> {
    encode(meta, events)
}

/// The body of a tenant's commit, without its MAC: a JSON object.
pub fn encode_tenant(meta: &Meta, events: &[TenantEvent]) -> Vec<u8> {
    encode(meta, events)
}

/// The body of an account's commit, without its MAC: a JSON object.
pub fn encode_account(meta: &Meta, events: &[AccountEvent]) -> Vec<u8> {
    encode(meta, events)
}

/// The body of a delivery request or of an entry of the delivery ledger, without its MAC: a JSON object.
pub fn encode_delivery(meta: &Meta, events: &[DeliveryEvent]) -> Vec<u8> {
    encode(meta, events)
}

/// The body of a commit about a suppressed destination, without its MAC: a JSON object.
pub fn encode_suppression(meta: &Meta, events: &[SuppressionEvent]) -> Vec<u8> {
    encode(meta, events)
}

fn encode<F: Family>(meta: &Meta, events: &[F]) -> Vec<u8> {
    let mut out = meta.open_body(events.len());
    for (position, event) in events.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        event.write_event(&mut out);
    }
    out.extend_from_slice(b"]}");
    out
}

/// Reads a payload of any subject. The types of the events say whose they are.
///
/// # Errors
/// [`WireError::UnknownEvent`] when one event's type or version is not known here; [`WireError::Malformed`] for
/// anything else that [`with_mac`] and the encoders never write, events of another kind of subject included.
pub fn decode(subject: &Subject, payload: &[u8]) -> Result<Decoded, WireError> {
    decode_with(STEPS, subject, payload)
}

fn decode_with(steps: &[Step], subject: &Subject, payload: &[u8]) -> Result<Decoded, WireError> {
    let (envelope, mac) = Envelope::read(payload)?;
    let mut events = Vec::with_capacity(envelope.events.len());
    for raw in &envelope.events {
        let event = read_any(steps, &raw.kind, raw.version, raw.data)?;
        if !event.belongs_to(subject.category()) {
            return Err(WireError::Malformed(format!("{} does not belong to {subject}", event.name())));
        }
        events.push(event);
    }
    Ok(Decoded { meta: envelope.into_meta(), events, mac })
}

fn read_any(steps: &[Step], kind: &str, version: u32, data: &RawValue) -> Result<Event, WireError> {
    if let Some(event) = UserEvent::read_event(steps, kind, version, data)? {
        return Ok(Event::User(event));
    }
    if let Some(event) = DeliveryEvent::read_event(steps, kind, version, data)? {
        return Ok(Event::Delivery(event));
    }
    if let Some(event) = SuppressionEvent::read_event(steps, kind, version, data)? {
        return Ok(Event::Suppression(event));
    }
    if let Some(event) = TenantEvent::read_event(steps, kind, version, data)? {
        return Ok(Event::Tenant(event));
    }
    if let Some(event) = AccountEvent::read_event(steps, kind, version, data)? {
        return Ok(Event::Account(event));
    }
    Err(WireError::unknown(kind, version))
}

/// Reads a payload of a user's subject: the way of the command side.
///
/// # Errors
/// As [`decode`]; an event that is known but not a user's counts as unknown.
pub fn decode_user(payload: &[u8]) -> Result<(Meta, Vec<UserEvent>, [u8; 32]), WireError> {
    let (envelope, mac) = Envelope::read(payload)?;
    let mut events = Vec::with_capacity(envelope.events.len());
    for raw in &envelope.events {
        let event = UserEvent::read_event(STEPS, &raw.kind, raw.version, raw.data)?;
        events.push(event.ok_or_else(|| WireError::unknown(&raw.kind, raw.version))?);
    }
    Ok((envelope.into_meta(), events, mac))
}
