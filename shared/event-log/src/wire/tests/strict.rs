//! What is refused, and how.

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::tenant::TenantEvent;
use twofold_domain::user::UserEvent;

use super::{bare_meta, encode_any, read, subject_of};
use crate::wire::{Event, WireError, decode, decode_user, encode_tenant, encode_user, with_mac};

fn payload(body: &str) -> Vec<u8> {
    with_mac(body.as_bytes().to_vec(), &[1; 32]).to_vec()
}

fn user_payload(events: &str) -> Vec<u8> {
    payload(&format!(r#"{{"at":1,"actor":"user","events":[{events}]}}"#))
}

fn unknown(kind: &str, version: u32) -> WireError {
    WireError::UnknownEvent { kind: kind.to_owned(), version }
}

fn is_malformed<T>(result: &Result<T, WireError>) -> bool {
    matches!(result, Err(WireError::Malformed(_)))
}

#[test]
fn an_unknown_type_or_version_is_an_error_and_never_skipped() {
    let known = r#"{"type":"two_factor.enabled","v":1,"data":{}}"#;
    let cases = [
        ("two_factor.celebrated", 1),
        ("two_factor.enabled", 2),
        ("two_factor.enabled", 0),
        ("two_factor.enabled", u32::MAX),
        ("", 1),
    ];
    for (kind, version) in cases {
        let event = format!(r#"{{"type":"{kind}","v":{version},"data":{{"anything":[1]}}}}"#);
        for events in [event.clone(), format!("{known},{event}"), format!("{event},{known}")] {
            let payload = user_payload(&events);
            assert_eq!(decode_user(&payload), Err(unknown(kind, version)));
            let subject = subject_of(&Event::User(UserEvent::UserErased));
            assert_eq!(decode(&subject, &payload), Err(unknown(kind, version)));
        }
    }
}

#[test]
fn events_stay_with_their_own_kind_of_subject() {
    let events = [
        Event::User(UserEvent::UserErased),
        Event::Tenant(TenantEvent::Suspended),
        Event::Delivery(DeliveryEvent::Captured),
    ];
    for event in &events {
        let payload = with_mac(encode_any(&bare_meta(), event), &[0; 32]);
        for other in &events {
            let result = decode(&subject_of(other), &payload);
            assert_eq!(result.is_ok(), event == other, "{} in {}", event.name(), subject_of(other));
            assert!(result.is_ok() || is_malformed(&result));
        }
    }
    let payload = with_mac(encode_tenant(&bare_meta(), &[TenantEvent::Suspended]), &[0; 32]);
    assert_eq!(decode_user(&payload), Err(unknown("tenant.suspended", 1)));
}

#[test]
fn data_is_exactly_what_the_type_says() {
    let locked = |data: &str| read("factor.locked", 1, data);
    assert!(locked(r#"{"kind":"totp","failures":5}"#).is_ok());
    for data in [
        r#"{"kind":"totp"}"#,
        r#"{"kind":"totp","failures":5,"until":1,"more":1}"#,
        r#"{"kind":"totp","failures":5,"failures":5}"#,
        r#"{"kind":"TOTP","failures":5}"#,
        r#"{"kind":"totp","failures":-1}"#,
        r#"{"kind":"totp","failures":4294967296}"#,
        r#"{"kind":"totp","failures":"5"}"#,
        "{}",
        "[]",
        "null",
    ] {
        assert!(is_malformed(&locked(data)), "{data}");
    }
    let others = [
        ("two_factor.enabled", r#"{"more":1}"#),
        ("user.use_2fa_set", r#"{"valeu":true}"#),
        ("factor.replaced", r#"{"factor":"fa*","method":"totp"}"#),
        (
            "verification.succeeded",
            r#"{"purpose":"login","target":{"direct":{}},"proof":{"recovery_code":{"index":1}}}"#,
        ),
        (
            "verification.succeeded",
            r#"{"purpose":"login","target":"direct","proof":{"recovery_code":{"index":1,"x":1}}}"#,
        ),
        ("recovery_codes.generated", r#"{"hashes":["AAAA"]}"#),
        ("recovery_codes.generated", r#"{"hashes":["not base64!"]}"#),
        ("channel.configured", r#"{"channel":"email","config":"AAA"}"#),
    ];
    for (kind, data) in others {
        assert!(is_malformed(&read(kind, 1, data)), "{kind} {data}");
    }
}

#[test]
fn hashes_have_their_length_and_canonical_base64() {
    let read = |base64: &str| read("recovery_codes.generated", 1, &format!(r#"{{"hashes":["{base64}"]}}"#));
    assert!(read(&format!("{}=", "A".repeat(43))).is_ok());
    for bad in [
        "A".repeat(43),
        "A".repeat(44),
        format!("{}==", "A".repeat(42)),
        format!("{}B=", "A".repeat(42)),
        "A".repeat(48),
        "A".repeat(400),
        String::new(),
    ] {
        assert!(is_malformed(&read(&bad)), "{bad}");
    }
}

#[test]
fn the_envelope_is_exactly_what_it_says() {
    let good = r#"{"at":1,"actor":"user","events":[]}"#;
    assert!(decode_user(&payload(good)).is_ok());
    for body in [
        r#"{"actor":"user","events":[]}"#,
        r#"{"at":1,"events":[]}"#,
        r#"{"at":1,"actor":"user"}"#,
        r#"{"at":1,"actor":"robot","events":[]}"#,
        r#"{"at":1.5,"actor":"user","events":[]}"#,
        r#"{"at":1,"actor":"user","events":{}}"#,
        r#"{"at":1,"actor":"user","events":[],"more":1}"#,
        r#"{"at":1,"actor":"user","events":[],"mac":""}"#,
        r#"{"at":1,"actor":"user","events":[{"type":"user.erased","v":1}]}"#,
        r#"{"at":1,"actor":"user","events":[{"type":"user.erased","data":{}}]}"#,
        r#"{"at":1,"actor":"user","events":[{"type":"user.erased","v":-1,"data":{}}]}"#,
        r#"{"at":1,"actor":"user","events":[{"type":"user.erased","v":1,"data":{},"more":1}]}"#,
        "{}",
        "}",
    ] {
        assert!(is_malformed(&decode_user(&payload(body))), "{body}");
    }
}

#[test]
fn the_mac_has_to_be_the_last_member_in_lower_case_hex() {
    let whole = with_mac(encode_user(&bare_meta(), &[]), &[0xAB; 32]).to_vec();
    assert!(decode_user(&whole).is_ok());
    let upper = String::from_utf8(whole.clone()).unwrap().replace("ab", "AB").into_bytes();
    let spaced = [whole.as_slice(), b" "].concat();
    let short = whole[..whole.len() - 3].iter().copied().chain(*br#""}"#).collect::<Vec<_>>();
    let without = encode_user(&bare_meta(), &[]);
    for bad in [upper, spaced, short, without, Vec::new()] {
        assert!(is_malformed(&decode_user(&bad)), "{}", String::from_utf8_lossy(&bad));
    }
}

#[test]
fn errors_quote_neither_ciphertexts_nor_long_texts() {
    let long = "é".repeat(5_000);
    let bodies = [
        format!(r#"{{"at":1,"actor":"user","private":"{long}","events":[]}}"#),
        format!(r#"{{"at":"{long}","actor":"user","events":[]}}"#),
        format!(r#"{{"at":1,"actor":"user","{long}":1,"events":[]}}"#),
    ];
    for body in bodies {
        let Err(WireError::Malformed(text)) = decode_user(&payload(&body)) else { panic!("accepted") };
        assert!(text.len() <= 160, "{text}");
    }
}
