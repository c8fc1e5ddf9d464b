//! Tests of the wire schema.

mod arbitrary;
mod golden;
mod round_trip;
mod samples;
mod strict;
mod upcasting;

use serde_json::value::RawValue;
use twofold_domain::actor::ActorKind;
use twofold_domain::{AccountId, Channel, KeyedHash, MessageId, Sealed, TenantId, Timestamp, UserToken};

use super::family::Family;
use super::upcast::STEPS;
use super::{
    Event, Meta, WireError, encode_account, encode_delivery, encode_suppression, encode_tenant, encode_user, read_any,
};
use crate::Subject;

fn encode_any(meta: &Meta, event: &Event) -> Vec<u8> {
    match event {
        Event::User(event) => encode_user(meta, std::slice::from_ref(event)),
        Event::Tenant(event) => encode_tenant(meta, std::slice::from_ref(event)),
        Event::Account(event) => encode_account(meta, std::slice::from_ref(event)),
        Event::Delivery(event) => encode_delivery(meta, std::slice::from_ref(event)),
        Event::Suppression(event) => encode_suppression(meta, std::slice::from_ref(event)),
    }
}

/// `{"type":…,"v":…,"data":…}`
fn event_json(event: &Event) -> String {
    let mut out = Vec::new();
    match event {
        Event::User(event) => event.write_event(&mut out),
        Event::Tenant(event) => event.write_event(&mut out),
        Event::Account(event) => event.write_event(&mut out),
        Event::Delivery(event) => event.write_event(&mut out),
        Event::Suppression(event) => event.write_event(&mut out),
    }
    String::from_utf8(out).unwrap()
}

fn data_json(event: &Event, version: u32) -> String {
    let whole = event_json(event);
    let head = format!(r#"{{"type":"{}","v":{version},"data":"#, event.name());
    let data = whole.strip_prefix(&head).and_then(|rest| rest.strip_suffix('}'));
    data.unwrap_or_else(|| panic!("{whole} does not start with {head}")).to_owned()
}

fn read(kind: &str, version: u32, data: &str) -> Result<Event, WireError> {
    read_any(STEPS, kind, version, &RawValue::from_string(data.to_owned()).unwrap())
}

fn subject_of(event: &Event) -> Subject {
    let tenant = TenantId::from_bytes([1; 16]);
    match event {
        Event::User(_) => Subject::user(7, &tenant, &UserToken::from_bytes([2; 16])),
        Event::Tenant(_) => Subject::tenant(&tenant),
        Event::Account(_) => Subject::account(&tenant, &AccountId::from_bytes([3; 16])),
        Event::Suppression(_) => Subject::suppression(&tenant, &KeyedHash::new([5; 32])),
        Event::Delivery(_) => Subject::delivery(Channel::Sms, &tenant, &MessageId::from_bytes([4; 16])),
    }
}

fn meta() -> Meta {
    Meta {
        at: Timestamp(1_795_290_000_123),
        actor: ActorKind::AccountAdmin,
        actor_token: Some(UserToken::from_bytes([9; 16])),
        request_id: Some("rq-\"7\"\\\n".to_owned()),
        private: Some(Sealed::new(vec![0, 1, 2, 253])),
    }
}

fn bare_meta() -> Meta {
    Meta { at: Timestamp(-1), actor: ActorKind::System, actor_token: None, request_id: None, private: None }
}
