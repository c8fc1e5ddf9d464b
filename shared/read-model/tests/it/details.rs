//! Details say much and give nothing away.

use serde_json::Value;
use twofold_event_log::wire::Event;
use twofold_read_model::projection::event_details;

use crate::events::{
    CANARY, LEDGER_EVENTS, SUPPRESSION_EVENTS, TENANT_EVENTS, USER_EVENTS, ledger_event, request, suppression_event,
    tenant_event, user_event,
};

fn samples() -> Vec<Event> {
    let mut events: Vec<_> =
        (0..USER_EVENTS).flat_map(|w| (0..6).map(move |n| Event::User(user_event(w, n)))).collect();
    events.extend((0..TENANT_EVENTS).map(|which| Event::Tenant(tenant_event(which, 1))));
    events.extend((0..LEDGER_EVENTS).map(|which| Event::Delivery(ledger_event(which, 2))));
    events.extend((0..SUPPRESSION_EVENTS).map(|which| Event::Suppression(suppression_event(which, 2))));
    events.extend((0..6).map(|n| Event::Delivery(request(n, 1))));
    events
}

#[test]
fn nothing_sealed_or_hashed_is_in_the_details() {
    // However the canary's bytes might have been written: hex, base64, list of numbers.
    let traces = ["a7a7", "A7A7", "p6en", "167,167", "§§"];
    assert_eq!(CANARY, 167);
    for event in samples() {
        let text = event_details(&event).to_string();
        assert!(traces.iter().all(|trace| !text.contains(trace)), "{}: {text}", event.name());
    }
}

#[test]
fn details_are_flat_objects_with_sorted_keys_and_no_nulls() {
    for event in samples() {
        let Value::Object(members) = event_details(&event) else { panic!("{}", event.name()) };
        let keys: Vec<_> = members.keys().collect();
        assert!(keys.is_sorted(), "{}: {keys:?}", event.name());
        assert!(members.values().all(|value| !value.is_null() && !value.is_object()), "{}", event.name());
    }
}
