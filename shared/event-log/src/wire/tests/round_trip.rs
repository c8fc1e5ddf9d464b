//! Whatever is written is read back the same; whatever else is read never panics.

use proptest::collection::vec;
use proptest::prelude::*;
use twofold_domain::actor::ActorKind;
use twofold_domain::user::UserEvent;

use super::{arbitrary, bare_meta, encode_any, meta, subject_of};
use crate::wire::mac::SUFFIX_BYTES;
use crate::wire::{Decoded, Meta, decode, decode_user, encode_user, split_mac, with_mac};

proptest! {
    #[test]
    fn any_event_of_any_aggregate(meta in arbitrary::meta(), event in arbitrary::event(), mac in any::<[u8; 32]>()) {
        let body = encode_any(&meta, &event);
        let payload = with_mac(body.clone(), &mac);
        prop_assert_eq!(split_mac(&payload), Ok((body, mac)));
        let decoded = decode(&subject_of(&event), &payload);
        prop_assert_eq!(decoded, Ok(Decoded { meta, events: vec![event], mac }));
    }

    #[test]
    fn any_commit_of_a_user(
        meta in arbitrary::meta(),
        events in vec(arbitrary::user_event(), 0..5),
        mac in any::<[u8; 32]>(),
    ) {
        let payload = with_mac(encode_user(&meta, &events), &mac);
        prop_assert_eq!(decode_user(&payload), Ok((meta, events, mac)));
    }

    #[test]
    fn what_is_written_is_json_as_a_json_library_reads_it(meta in arbitrary::meta(), event in arbitrary::event()) {
        let payload = with_mac(encode_any(&meta, &event), &[0xAB; 32]);
        let value: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        prop_assert_eq!(&value["at"], &serde_json::json!(meta.at.0));
        prop_assert_eq!(value.get("request_id").and_then(|id| id.as_str()), meta.request_id.as_deref());
        prop_assert_eq!(&value["events"][0]["type"], event.name());
        prop_assert_eq!(&value["mac"], &"ab".repeat(32));
    }

    #[test]
    fn a_mac_is_split_off_any_body(mut body in vec(any::<u8>(), 0..200), mac in any::<[u8; 32]>()) {
        body.push(b'}');
        let payload = with_mac(body.clone(), &mac);
        prop_assert_eq!(payload.len(), body.len() - 1 + SUFFIX_BYTES);
        prop_assert_eq!(split_mac(&payload), Ok((body, mac)));
    }

    #[test]
    fn garbage_is_refused(garbage in vec(any::<u8>(), 0..300)) {
        prop_assert!(split_mac(&garbage).is_err());
        prop_assert!(decode_user(&garbage).is_err());
        // With a MAC the reader gets further.
        let payload = with_mac([garbage.as_slice(), b"}"].concat(), &[0; 32]);
        prop_assert!(decode_user(&payload).is_err());
    }

    #[test]
    fn a_damaged_commit_never_panics(
        event in arbitrary::event(),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut payload = with_mac(encode_any(&meta(), &event), &[7; 32]).to_vec();
        let position = position.index(payload.len());
        payload[position] = byte;
        let _ = decode(&subject_of(&event), &payload);
        let _ = decode_user(&payload);
        let _ = decode_user(&payload[..position]);
    }
}

#[test]
fn the_body_is_as_documented() {
    let body = encode_user(&meta(), &[UserEvent::Use2faSet(Some(true))]);
    assert_eq!(
        String::from_utf8(body).unwrap(),
        concat!(
            r#"{"at":1795290000123,"actor":"account_admin","actor_token":"usajbeeqscijbeeqscijbeeqscij","#,
            r#""request_id":"rq-\"7\"\\\u000a","private":"AAEC/Q==","#,
            r#""events":[{"type":"user.use_2fa_set","v":1,"data":{"value":true}}]}"#
        )
    );
    for actor in [ActorKind::User, ActorKind::AccountAdmin, ActorKind::Support, ActorKind::System] {
        let body = encode_user(&Meta { actor, ..bare_meta() }, &[]);
        assert_eq!(body, format!(r#"{{"at":-1,"actor":"{}","events":[]}}"#, actor.name()).as_bytes());
    }
    let payload = with_mac(encode_user(&bare_meta(), &[]), &[0xC0; 32]);
    assert_eq!(payload, format!(r#"{{"at":-1,"actor":"system","events":[],"mac":"{}"}}"#, "c0".repeat(32)).as_bytes());
}
