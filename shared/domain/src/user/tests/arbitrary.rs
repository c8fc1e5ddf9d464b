//! Any event about anything, from a few ids so that events meet.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::{Algorithm, TotpParams};

fn id<T: std::fmt::Debug>(make: fn([u8; 16]) -> T) -> impl Strategy<Value = T> {
    (0_u8..3).prop_map(move |n| make([n; 16]))
}

pub(super) fn method() -> impl Strategy<Value = Method> {
    proptest::sample::select(Method::ALL.to_vec())
}

pub(super) fn kind() -> impl Strategy<Value = FactorKind> {
    use FactorKind::{Email, RecoveryCode, Sms, Totp};
    proptest::sample::select(vec![Totp, Email, Sms, RecoveryCode])
}

fn purpose() -> impl Strategy<Value = Purpose> {
    proptest::sample::select(vec![Purpose::Login, Purpose::Reauth, Purpose::Enrolment])
}

/// Mostly near each other, now and then at the ends of time.
pub(super) fn instant() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        8 => (0_i64..10_000).prop_map(|s| Timestamp(START.as_millis() + s * 1000)),
        1 => any::<i64>().prop_map(Timestamp),
        1 => Just(Timestamp(i64::MAX)),
        1 => Just(Timestamp(i64::MIN)),
    ]
}

fn sealed() -> impl Strategy<Value = Sealed> {
    (0_u8..3).prop_map(|n| Sealed::new(vec![n]))
}

fn hash() -> impl Strategy<Value = KeyedHash> {
    (0_u8..3).prop_map(|n| KeyedHash::new([n; 32]))
}

fn somewhere() -> impl Strategy<Value = Destination> {
    (0_u8..3).prop_map(destination)
}

fn reference() -> impl Strategy<Value = DestinationRef> {
    prop_oneof![Just(DestinationRef::Registered), somewhere().prop_map(DestinationRef::Entered)]
}

fn code() -> impl Strategy<Value = IssuedCode> {
    let ids = (id(MessageId::from_bytes), (0_u8..3).prop_map(|n| CodeNonce([n; 16])));
    (ids, method(), hash(), instant(), instant(), any::<u8>()).prop_map(
        |((message, nonce), method, destination, issued_at, expires_at, digits)| IssuedCode {
            message,
            nonce,
            method,
            destination,
            issued_at,
            expires_at,
            digits,
        },
    )
}

fn profile() -> impl Strategy<Value = Profile> {
    let account = option::of((id(AccountId::from_bytes), sealed()).prop_map(|(id, sealed)| AccountRef { id, sealed }));
    (account, any::<bool>(), option::of(somewhere()), option::of(somewhere()), option::of("[a-z]{0,3}")).prop_map(
        |(account, admin, email, phone, locale)| Profile {
            mode: Mode::Live,
            panel_id: Sealed::new(vec![0]),
            account,
            role: if admin { Role::Admin } else { Role::User },
            email,
            phone,
            locale,
        },
    )
}

fn detail() -> impl Strategy<Value = EnrolmentDetail> {
    let params = (any::<u8>(), any::<u32>(), any::<u8>()).prop_map(|(digits, period_secs, skew_steps)| TotpParams {
        digits,
        period_secs,
        skew_steps,
        algorithm: Algorithm::Sha1,
    });
    prop_oneof![
        (sealed(), params).prop_map(|(secret, params)| EnrolmentDetail::Totp { secret, params }),
        (reference(), code()).prop_map(|(destination, code)| EnrolmentDetail::Code { destination, code }),
    ]
}

pub(super) fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        Just(Target::Direct),
        id(ChallengeId::from_bytes).prop_map(Target::Challenge),
        id(EnrolmentId::from_bytes).prop_map(Target::Enrolment),
    ]
}

fn proof() -> impl Strategy<Value = Proof> {
    prop_oneof![
        (id(FactorId::from_bytes), any::<u64>(), any::<i32>()).prop_map(|(factor, step, drift_steps)| Proof::Totp {
            factor,
            step,
            drift_steps
        }),
        (method(), id(MessageId::from_bytes)).prop_map(|(method, message)| Proof::Code { method, message }),
        any::<u8>().prop_map(|index| Proof::RecoveryCode { index }),
    ]
}

pub(super) fn attempt() -> impl Strategy<Value = Attempt> {
    (target(), purpose(), option::of(kind())).prop_map(|(target, purpose, kind)| Attempt { target, purpose, kind })
}

pub(super) fn evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        Just(Evidence::NotEvaluated),
        (option::of(any::<u64>()), option::of(any::<i32>()))
            .prop_map(|(step, drift_steps)| Evidence::Totp { step, drift_steps }),
        any::<bool>().prop_map(|matches| Evidence::Code { matches }),
        option::of(any::<u8>()).prop_map(|index| Evidence::RecoveryCode { index }),
    ]
}

fn about_set_up() -> impl Strategy<Value = UserEvent> {
    let enrolment = || id(EnrolmentId::from_bytes);
    prop_oneof![
        (enrolment(), option::of(id(ChallengeId::from_bytes)), method(), detail(), instant()).prop_map(
            |(enrolment, challenge, method, detail, expires_at)| UserEvent::EnrolmentStarted {
                enrolment,
                challenge,
                method,
                detail,
                expires_at,
            }
        ),
        (enrolment(), code()).prop_map(|(enrolment, code)| UserEvent::EnrolmentCodeReissued { enrolment, code }),
        (
            enrolment(),
            id(FactorId::from_bytes),
            method(),
            option::of(any::<u64>()),
            option::of(id(MessageId::from_bytes))
        )
            .prop_map(|(enrolment, factor, method, step, message)| UserEvent::EnrolmentConfirmed {
                enrolment,
                factor,
                method,
                step,
                message,
            }),
        Just(UserEvent::TwoFactorEnabled),
        (id(FactorId::from_bytes), method()).prop_map(|(factor, method)| UserEvent::FactorReplaced { factor, method }),
    ]
}

fn about_codes() -> impl Strategy<Value = UserEvent> {
    let challenge = || id(ChallengeId::from_bytes);
    let setup = option::of(id(EnrolmentId::from_bytes));
    let reason = proptest::sample::select(vec![
        FailureReason::WrongCode,
        FailureReason::AlreadyUsed,
        FailureReason::Expired,
        FailureReason::Superseded,
    ]);
    prop_oneof![
        (challenge(), purpose(), option::of(method()), setup, any::<bool>(), option::of(code()), instant()).prop_map(
            |(challenge, purpose, method, setup, skippable, code, expires_at)| UserEvent::ChallengeOpened {
                challenge,
                purpose,
                method,
                setup,
                skippable,
                code,
                expires_at,
            }
        ),
        (challenge(), code()).prop_map(|(challenge, code)| UserEvent::ChallengeCodeReissued { challenge, code }),
        (purpose(), target(), proof()).prop_map(|(purpose, target, proof)| UserEvent::VerificationSucceeded {
            purpose,
            target,
            proof
        }),
        (purpose(), target(), kind(), reason, any::<bool>(), option::of(any::<i32>())).prop_map(
            |(purpose, target, kind, reason, counted, drift_steps)| UserEvent::VerificationFailed {
                purpose,
                target,
                kind,
                reason,
                counted,
                drift_steps,
            }
        ),
        (kind(), any::<u32>(), option::of(instant())).prop_map(|(kind, failures, until)| UserEvent::FactorLocked {
            kind,
            failures,
            until
        }),
        option::of(kind()).prop_map(|kind| UserEvent::FactorUnlocked { kind }),
    ]
}

fn about_changes() -> impl Strategy<Value = UserEvent> {
    prop_oneof![
        vec(hash(), 0..20).prop_map(|hashes| UserEvent::RecoveryCodesGenerated { hashes }),
        any::<bool>().prop_map(|recovery_revoked| UserEvent::AuthenticatorReset { recovery_revoked }),
        any::<bool>().prop_map(|recovery_revoked| UserEvent::TwoFactorReset { recovery_revoked }),
        (any::<bool>(), any::<bool>(), option::of(id(ChallengeId::from_bytes))).prop_map(
            |(erased, recovery_revoked, challenge)| UserEvent::TwoFactorDisabled {
                erased,
                recovery_revoked,
                challenge,
            }
        ),
        (hash(), hash(), sealed()).prop_map(|(key, body, answer)| UserEvent::ReceiptKept(Receipt {
            key,
            body,
            answer
        })),
    ]
}

pub(super) fn event() -> impl Strategy<Value = UserEvent> {
    prop_oneof![
        2 => prop_oneof![
            profile().prop_map(UserEvent::Registered),
            profile().prop_map(UserEvent::ProfileChanged),
            option::of(any::<bool>()).prop_map(UserEvent::Use2faSet),
            option::of(any::<bool>()).prop_map(UserEvent::ToggleRightSet),
        ],
        6 => about_set_up(),
        8 => about_codes(),
        2 => about_changes(),
    ]
}

/// Events and their instants; now and then one erases the user in between.
pub(super) fn history() -> impl Strategy<Value = Vec<(UserEvent, Timestamp)>> {
    let any_event = prop_oneof![60 => event(), 1 => Just(UserEvent::UserErased)];
    vec((any_event, instant()), 0..60)
}
