//! The details of an audit row: everything an event says that is neither sealed, hashed nor secret, and not already
//! in a column. Keys are in alphabetical order.

use serde_json::{Map, Value};
use twofold_domain::delivery::{DeliveryEvent, SuppressionEvent};
use twofold_domain::tenant::{AccountEvent, TenantEvent};
use twofold_domain::user::MessageKind;
use twofold_domain::{Channel, Timestamp};
use twofold_event_log::wire::Event;

pub use super::details_user::audit_details;

/// Of any event.
pub fn event_details(event: &Event) -> Value {
    match event {
        Event::User(event) => audit_details(event),
        Event::Tenant(event) => tenant_details(event),
        Event::Account(event) => account_details(event),
        Event::Delivery(event) => delivery_details(event),
        Event::Suppression(event) => suppression_details(event),
    }
}

/// Of a tenant's event. Of a settings document only the names of its sections: the texts in it can be long.
pub fn tenant_details(event: &TenantEvent) -> Value {
    match event {
        TenantEvent::Created { name, preset, document } => object([
            ("name", Some(name.as_str().into())),
            ("preset", preset.as_deref().map(Value::from)),
            ("sections", Some(sections(document))),
        ]),
        TenantEvent::SettingsChanged { document } => object([("sections", Some(sections(document)))]),
        TenantEvent::ApiKeyCreated(record) => object([
            ("key", Some(record.id.as_str().into())),
            ("label", Some(record.label.as_str().into())),
            ("mode", Some(record.mode.name().into())),
            ("scopes", Some(record.scopes.iter().map(|scope| scope.name()).collect())),
        ]),
        TenantEvent::ApiKeyRevoked { id } => object([("key", Some(id.as_str().into()))]),
        TenantEvent::DeliveryPaused { channel: _, provider }
        | TenantEvent::DeliveryResumed { channel: _, provider } => {
            object([("provider", provider.as_deref().map(Value::from))])
        }
        TenantEvent::PrefixStopped { prefix, reason } => {
            object([("prefix", Some(prefix.as_str().into())), ("reason", Some(reason.as_str().into()))])
        }
        TenantEvent::PrefixReleased { prefix } => object([("prefix", Some(prefix.as_str().into()))]),
        TenantEvent::ChannelConfigured { .. }
        | TenantEvent::ChannelRemoved { .. }
        | TenantEvent::ChannelTested { .. }
        | TenantEvent::Suspended
        | TenantEvent::Resumed => nothing(),
    }
}

/// Of an account's event.
pub fn account_details(event: &AccountEvent) -> Value {
    match event {
        AccountEvent::OverridesSet { panel_id: _, overrides } => object([("sections", Some(sections(overrides)))]),
    }
}

/// Of a message's event.
pub fn delivery_details(event: &DeliveryEvent) -> Value {
    match event {
        DeliveryEvent::Requested(request) => {
            let (kind, purpose) = match &request.kind {
                MessageKind::Code { purpose, .. } => ("code", Some(purpose.name())),
                MessageKind::Notice(notice) => (notice.name(), None),
            };
            object([
                ("expires_at", time(request.expires_at)),
                ("kind", Some(kind.into())),
                ("message", Some(request.message.as_str().into())),
                ("purpose", purpose.map(Value::from)),
            ])
        }
        DeliveryEvent::Retrying { attempt, cause, provider } | DeliveryEvent::Dead { attempt, cause, provider } => {
            object([
                ("attempt", Some((*attempt).into())),
                ("cause", Some(cause.as_str().into())),
                ("provider", provider.as_deref().map(Value::from)),
            ])
        }
        DeliveryEvent::Accepted { attempt, provider_id, provider, region } => object([
            ("attempt", Some((*attempt).into())),
            ("country", region.as_ref().map(|region| region.country.as_str().into())),
            ("provider", provider.as_deref().map(Value::from)),
            ("provider_id", provider_id.as_deref().map(Value::from)),
        ]),
        DeliveryEvent::Delivered { provider } => object([("provider", provider.as_deref().map(Value::from))]),
        DeliveryEvent::Bounced { provider, cause, permanent } => object([
            ("cause", Some(cause.as_str().into())),
            ("permanent", Some((*permanent).into())),
            ("provider", provider.as_deref().map(Value::from)),
        ]),
        DeliveryEvent::HandingOver { attempt, provider } => {
            object([("attempt", Some((*attempt).into())), ("provider", provider.as_deref().map(Value::from))])
        }
        DeliveryEvent::Expired { attempt } => object([("attempt", Some((*attempt).into()))]),
        DeliveryEvent::Captured | DeliveryEvent::Superseded | DeliveryEvent::Redriven => nothing(),
    }
}

/// Of a suppressed destination's event.
pub fn suppression_details(event: &SuppressionEvent) -> Value {
    match event {
        // Channel and cause have columns of their own.
        SuppressionEvent::Suppressed { channel: _, cause: _, message } => {
            object([("message", message.as_ref().map(|message| message.as_str().into()))])
        }
        SuppressionEvent::Released => nothing(),
    }
}

/// The channel a tenant's event is about.
pub(super) const fn channel_of(event: &TenantEvent) -> Option<Channel> {
    match event {
        TenantEvent::ChannelConfigured { channel, .. }
        | TenantEvent::ChannelRemoved { channel }
        | TenantEvent::ChannelTested { channel }
        | TenantEvent::DeliveryPaused { channel, .. }
        | TenantEvent::DeliveryResumed { channel, .. } => Some(*channel),
        TenantEvent::PrefixStopped { .. } | TenantEvent::PrefixReleased { .. } => Some(Channel::Sms),
        TenantEvent::Created { .. }
        | TenantEvent::SettingsChanged { .. }
        | TenantEvent::ApiKeyCreated(_)
        | TenantEvent::ApiKeyRevoked { .. }
        | TenantEvent::Suspended
        | TenantEvent::Resumed => None,
    }
}

/// An object of what is there: most events leave most of their optional members out.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(present.collect())
}

pub(super) fn nothing() -> Value {
    Value::Object(Map::new())
}

/// An instant as the audit writes it.
#[expect(clippy::unnecessary_wraps, reason = "a member of an object")]
pub(super) fn time(at: Timestamp) -> Option<Value> {
    Some(at.to_rfc3339().into())
}

fn sections(document: &Value) -> Value {
    let mut names: Vec<&str> = document.as_object().map(|o| o.keys().map(String::as_str).collect()).unwrap_or_default();
    names.sort_unstable();
    names.into()
}
