//! Old versions come out as if they had been written today. No type has an old version yet, so the steps here are
//! made up; what they run through is the real thing.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use twofold_domain::FactorKind;
use twofold_domain::user::{FailureReason, Purpose, Target, UserEvent};

use super::{read_any, subject_of};
use crate::wire::upcast::{STEPS, Step, upcast};
use crate::wire::{Event, WireError, catalogue, decode_with, with_mac};

/// Before version 1, the story goes, failures had no target and said `wrong` for `wrong_code`.
const STORY: &[Step] = &[Step { kind: "verification.failed", from: 0, up: failed_0_to_1 }];

fn failed_0_to_1(mut data: Value) -> Result<Value, String> {
    let members = data.as_object_mut().ok_or("not an object")?;
    members.insert("target".to_owned(), json!("direct"));
    if members.get("reason") == Some(&json!("wrong")) {
        members.insert("reason".to_owned(), json!("wrong_code"));
    }
    Ok(data)
}

fn raw(data: &str) -> Box<RawValue> {
    RawValue::from_string(data.to_owned()).unwrap()
}

fn expected() -> Event {
    Event::User(UserEvent::VerificationFailed {
        purpose: Purpose::Login,
        target: Target::Direct,
        kind: FactorKind::Totp,
        reason: FailureReason::WrongCode,
        counted: true,
        drift_steps: None,
    })
}

const OLD: &str = r#"{"purpose":"login","kind":"totp","reason":"wrong","counted":true}"#;
const NEW: &str = r#"{"purpose":"login","target":"direct","kind":"totp","reason":"wrong_code","counted":true}"#;

#[test]
fn a_whole_commit_with_an_old_and_a_new_event_is_read() {
    let event = |version, data| format!(r#"{{"type":"verification.failed","v":{version},"data":{data}}}"#);
    let body = format!(r#"{{"at":1,"actor":"user","events":[{},{}]}}"#, event(0, OLD), event(1, NEW));
    let payload = with_mac(body.into_bytes(), &[0; 32]);
    let decoded = decode_with(STORY, &subject_of(&expected()), &payload).unwrap();
    assert_eq!(decoded.events, [expected(), expected()]);
}

#[test]
fn without_its_step_an_old_version_is_unknown() {
    let unknown = WireError::UnknownEvent { kind: "verification.failed".to_owned(), version: 0 };
    assert_eq!(read_any(STEPS, "verification.failed", 0, &raw(OLD)), Err(unknown));
}

#[test]
fn a_step_that_fails_or_leads_nowhere_is_malformed() {
    for data in ["[]", r#"{"purpose":"login"}"#] {
        let result = read_any(STORY, "verification.failed", 0, &raw(data));
        assert!(matches!(result, Err(WireError::Malformed(_))), "{result:?}");
    }
}

#[test]
fn steps_run_one_after_another_from_the_version_found() {
    fn note(name: &'static str, data: &Value) -> Result<Value, String> {
        let mut path = data.as_array().ok_or("not a list")?.clone();
        path.push(json!(name));
        Ok(Value::Array(path))
    }
    let steps = [
        Step { kind: "other", from: 2, up: |_| Err("of another type".to_owned()) },
        Step { kind: "thing", from: 2, up: |data| note("2 to 3", &data) },
        Step { kind: "thing", from: 1, up: |data| note("1 to 2", &data) },
    ];
    let up = |version| upcast(&steps, "thing", 3, version, &raw("[ ]")).map(std::borrow::Cow::into_owned);
    assert_eq!(up(1).as_deref(), Ok(r#"["1 to 2","2 to 3"]"#));
    assert_eq!(up(2).as_deref(), Ok(r#"["2 to 3"]"#));
    assert_eq!(up(3).as_deref(), Ok("[ ]"), "the newest passes untouched");
    for version in [0, 4] {
        assert_eq!(up(version), Err(WireError::UnknownEvent { kind: "thing".to_owned(), version }));
    }
}

#[test]
fn every_version_between_the_first_and_the_newest_has_its_one_step() {
    for doc in catalogue() {
        let mut from: Vec<u32> = STEPS.iter().filter(|step| step.kind == doc.name).map(|step| step.from).collect();
        from.sort_unstable();
        assert_eq!(from, (1..doc.version).collect::<Vec<_>>(), "{}", doc.name);
    }
    for step in STEPS {
        assert!(catalogue().iter().any(|doc| doc.name == step.kind), "a step of no known type: {}", step.kind);
    }
}

/// A member may be called otherwise on the wire than in the domain, so renaming one there changes nothing here.
mod renamed {
    use super::raw;
    use crate::wire::family::{Record as _, record};
    use crate::wire::value::{In, Wire as _};

    #[derive(Debug, PartialEq)]
    struct Renamed {
        now: u32,
        same: Option<u8>,
    }

    record! { Renamed { now as "before": u32, same: Option<u8> } }

    #[test]
    fn the_wire_name_is_written_and_read() {
        let mut out = Vec::new();
        Renamed { now: 1, same: None }.write(&mut out);
        assert_eq!(out, br#"{"before":1}"#);
        let In(back) = serde_json::from_str::<In<Renamed>>(raw(r#"{"before":1,"same":2}"#).get()).unwrap();
        assert_eq!(back, Renamed { now: 1, same: Some(2) });
        assert!(serde_json::from_str::<In<Renamed>>(r#"{"now":1}"#).is_err());
        assert_eq!(Renamed::fields()[0].name, "before");
    }
}
