use super::*;
use crate::delivery::SmsRegion;
use crate::user::{Purpose, Target};
use crate::{EnrolmentId, FactorId};

const START: i64 = 1_795_290_000;
const DEFAULT: Threshold = Threshold { floor_percent: 25, min_sent: 30 };

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(START).plus_secs(secs)
}

fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}

fn message(n: u32) -> MessageId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    MessageId::from_bytes(bytes)
}

fn accepted(prefix: &str) -> DeliveryEvent {
    let region = Some(SmsRegion { country: "XX".to_owned(), prefix: prefix.to_owned() });
    DeliveryEvent::Accepted { attempt: 1, provider_id: None, provider: None, region }
}

fn verified(id: MessageId) -> UserEvent {
    let proof = Proof::Code { method: Method::Sms, message: id };
    UserEvent::VerificationSucceeded { purpose: Purpose::Login, target: Target::Direct, proof }
}

/// So many codes to one prefix, one a second from `from` on; every `used_every`th is used ten seconds later.
fn storm(conversion: &mut Conversion, of: &TenantId, prefix: &str, from: u64, count: u32, used_every: Option<u32>) {
    for n in 0..count {
        let id =
            message(u32::from(of.as_str().as_bytes()[3]) * 10_000_000 + u32::try_from(from).expect("small") * 1000 + n);
        let second = from + u64::from(n);
        conversion.ledger(of, &id, &accepted(prefix), at(second));
        if used_every.is_some_and(|every| n % every == 0) {
            conversion.user(&verified(id), at(second + 10));
        }
    }
}

fn seen(conversion: &mut Conversion, now: u64) -> Vec<(String, u32, u32)> {
    let alarms = conversion.alarms(at(now), |_| Some(DEFAULT));
    alarms.into_iter().map(|alarm| (alarm.prefix, alarm.sent, alarm.used)).collect()
}

#[test]
fn codes_that_nobody_uses_are_seen_within_a_minute() {
    let mut conversion = Conversion::default();
    storm(&mut conversion, &tenant(1), "+99812", 0, 30, None);
    assert_eq!(seen(&mut conversion, 58), [], "the last of the thirty may still be typed in");
    assert_eq!(seen(&mut conversion, 59), [("+99812".to_owned(), 30, 0)]);
    assert_eq!(seen(&mut conversion, 60).len(), 1, "as long as it is so");
    // An attack of ten a second.
    let mut conversion = Conversion::default();
    for n in 0..600 {
        conversion.ledger(&tenant(1), &message(n), &accepted("+99812"), at(u64::from(n / 10)));
    }
    assert_eq!(seen(&mut conversion, 33), [("+99812".to_owned(), 40, 0)]);
}

#[test]
fn codes_that_are_used_raise_no_alarm() {
    for (used_every, alarm) in [(1, false), (3, false), (4, false), (5, true), (10, true)] {
        let mut conversion = Conversion::default();
        storm(&mut conversion, &tenant(1), "+49151", 0, 200, Some(used_every));
        assert_eq!(!seen(&mut conversion, 260).is_empty(), alarm, "every {used_every}th");
    }
}

#[test]
fn few_codes_say_nothing_and_zero_percent_switches_it_off() {
    let mut conversion = Conversion::default();
    storm(&mut conversion, &tenant(1), "+49151", 0, 29, None);
    assert_eq!(seen(&mut conversion, 120), []);
    storm(&mut conversion, &tenant(1), "+49151", 100, 100, None);
    for (threshold, alarms) in [
        (None, 0),
        (Some(Threshold { floor_percent: 0, min_sent: 0 }), 0),
        (Some(Threshold { floor_percent: 1, min_sent: 1000 }), 0),
        (Some(Threshold { floor_percent: 1, min_sent: 129 }), 1),
    ] {
        assert_eq!(conversion.alarms(at(240), |_| threshold).len(), alarms, "{threshold:?}");
    }
}

#[test]
fn tenants_and_prefixes_are_judged_apart() {
    let mut conversion = Conversion::default();
    storm(&mut conversion, &tenant(1), "+49151", 0, 60, Some(2));
    storm(&mut conversion, &tenant(1), "+99812", 100, 60, None);
    storm(&mut conversion, &tenant(2), "+49151", 200, 60, None);
    let alarms = conversion.alarms(at(300), |_| Some(DEFAULT));
    let seen: Vec<_> = alarms.iter().map(|alarm| (alarm.tenant.clone(), alarm.prefix.as_str())).collect();
    assert_eq!(seen, [(tenant(1), "+99812"), (tenant(2), "+49151")]);
}

#[test]
fn what_is_old_or_released_is_forgotten() {
    let mut conversion = Conversion::default();
    storm(&mut conversion, &tenant(1), "+99812", 0, 60, None);
    assert_eq!(seen(&mut conversion, 100).len(), 1);
    assert_eq!(seen(&mut conversion, WINDOW_SECS + 60), []);
    assert!(conversion.tallies.is_empty());
    storm(&mut conversion, &tenant(1), "+99812", 1000, 60, None);
    conversion.released(&tenant(1), "+99812");
    assert_eq!(seen(&mut conversion, 1100), []);
    storm(&mut conversion, &tenant(1), "+99812", 1200, 60, None);
    assert_eq!(seen(&mut conversion, 1300), [("+99812".to_owned(), 60, 0)]);
}

#[test]
fn a_use_counts_once_in_any_order_and_not_after_the_codes_life() {
    let mut conversion = Conversion::default();
    // The worker records after it has sent, so the log may say "used" first.
    conversion.user(&verified(message(1)), at(1));
    conversion.ledger(&tenant(1), &message(1), &accepted("+1"), at(2));
    conversion.user(&verified(message(1)), at(3));
    conversion.ledger(&tenant(1), &message(1), &accepted("+1"), at(4));
    conversion.ledger(&tenant(1), &message(2), &accepted("+1"), at(5));
    conversion.user(&verified(message(2)), at(5 + USED_WITHIN_SECS + 1));
    let all = Threshold { floor_percent: 100, min_sent: 1 };
    let alarms = conversion.alarms(at(700), |_| Some(all));
    assert_eq!(alarms.iter().map(|alarm| (alarm.sent, alarm.used)).collect::<Vec<_>>(), [(2, 1)]);
}

#[test]
fn a_code_that_completes_a_set_up_is_used_too() {
    let mut conversion = Conversion::default();
    for n in [1, 2] {
        conversion.ledger(&tenant(1), &message(n), &accepted("+1"), at(31));
    }
    let (enrolment, factor) = (EnrolmentId::from_bytes([7; 16]), FactorId::from_bytes([8; 16]));
    let confirmed =
        UserEvent::EnrolmentConfirmed { enrolment, factor, method: Method::Sms, step: None, message: Some(message(2)) };
    conversion.user(&confirmed, at(60));
    let all = Threshold { floor_percent: 100, min_sent: 1 };
    let alarms = conversion.alarms(at(100), |_| Some(all));
    assert_eq!(alarms.iter().map(|alarm| (alarm.sent, alarm.used)).collect::<Vec<_>>(), [(2, 1)]);
}

#[test]
fn memory_is_bounded_however_many_are_sent() {
    let mut conversion = Conversion { messages: Recent::new(100), young: Recent::new(100), ..Conversion::default() };
    storm(&mut conversion, &tenant(1), "+99812", 0, 500, None);
    let alarms = seen(&mut conversion, 560);
    assert_eq!(alarms, [("+99812".to_owned(), 100, 0)]);
}
