//! Strategies for any meta and any event.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};
use twofold_domain::actor::{ActorKind, Role};
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested, SmsRegion, SuppressionCause, SuppressionEvent};
use twofold_domain::tenant::{AccountEvent, ApiKeyRecord, Scope, TenantEvent};
use twofold_domain::user::{
    AccountRef, Destination, DestinationRef, EnrolmentDetail, FailureReason, IssuedCode, MessageKind, NoticeKind,
    Profile, Proof, Purpose, Receipt, Target, UserEvent,
};
use twofold_domain::{
    AccountId, Algorithm, ChallengeId, Channel, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyId, KeyedHash,
    MessageId, Method, Mode, Sealed, Timestamp, TotpParams, UserToken,
};

use crate::wire::{Event, Meta};

fn id<T: std::fmt::Debug>(make: fn([u8; 16]) -> T) -> impl Strategy<Value = T> {
    any::<[u8; 16]>().prop_map(make)
}

fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![any::<char>(), (0..0x80_u8).prop_map(char::from)];
    vec(char, 0..24).prop_map(|chars| chars.into_iter().collect())
}

fn sealed() -> impl Strategy<Value = Sealed> {
    vec(any::<u8>(), 0..80).prop_map(Sealed::new)
}

fn hash() -> impl Strategy<Value = KeyedHash> {
    any::<[u8; 32]>().prop_map(KeyedHash::new)
}

fn at() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp)
}

fn method() -> impl Strategy<Value = Method> {
    select(Method::ALL.as_slice())
}

fn mode() -> impl Strategy<Value = Mode> {
    select([Mode::Live, Mode::Test].as_slice())
}

fn channel() -> impl Strategy<Value = Channel> {
    select([Channel::Email, Channel::Sms].as_slice())
}

fn kind() -> impl Strategy<Value = FactorKind> {
    select([FactorKind::Totp, FactorKind::Email, FactorKind::Sms, FactorKind::RecoveryCode].as_slice())
}

fn purpose() -> impl Strategy<Value = Purpose> {
    select([Purpose::Login, Purpose::Reauth, Purpose::Enrolment].as_slice())
}

fn destination() -> impl Strategy<Value = Destination> {
    (sealed(), hash()).prop_map(|(sealed, fingerprint)| Destination { sealed, fingerprint })
}

fn profile() -> impl Strategy<Value = Profile> {
    let account = (id(AccountId::from_bytes), sealed()).prop_map(|(id, sealed)| AccountRef { id, sealed });
    let role = select([Role::User, Role::Admin].as_slice());
    let rest = (option::of(destination()), option::of(destination()), option::of(text()));
    (mode(), sealed(), option::of(account), role, rest).prop_map(
        |(mode, panel_id, account, role, (email, phone, locale))| Profile {
            mode,
            panel_id,
            account,
            role,
            email,
            phone,
            locale,
        },
    )
}

fn code() -> impl Strategy<Value = IssuedCode> {
    (id(MessageId::from_bytes), any::<[u8; 16]>(), method(), hash(), at(), at(), any::<u8>()).prop_map(
        |(message, nonce, method, destination, issued_at, expires_at, digits)| IssuedCode {
            message,
            nonce: CodeNonce(nonce),
            method,
            destination,
            issued_at,
            expires_at,
            digits,
        },
    )
}

fn detail() -> impl Strategy<Value = EnrolmentDetail> {
    let algorithm = select([Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512].as_slice());
    let params =
        (any::<u8>(), any::<u32>(), any::<u8>(), algorithm).prop_map(|(digits, period_secs, skew_steps, algorithm)| {
            TotpParams { digits, period_secs, skew_steps, algorithm }
        });
    let place = prop_oneof![Just(DestinationRef::Registered), destination().prop_map(DestinationRef::Entered)];
    prop_oneof![
        (sealed(), params).prop_map(|(secret, params)| EnrolmentDetail::Totp { secret, params }),
        (place, code()).prop_map(|(destination, code)| EnrolmentDetail::Code { destination, code }),
    ]
}

fn target() -> impl Strategy<Value = Target> {
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

fn enrolment_event() -> impl Strategy<Value = UserEvent> {
    let enrolment = || id(EnrolmentId::from_bytes);
    prop_oneof![
        (enrolment(), option::of(id(ChallengeId::from_bytes)), method(), detail(), at()).prop_map(
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
        (id(FactorId::from_bytes), method()).prop_map(|(factor, method)| UserEvent::FactorReplaced { factor, method }),
    ]
}

fn challenge_event() -> impl Strategy<Value = UserEvent> {
    let challenge = || id(ChallengeId::from_bytes);
    let rest = (any::<bool>(), option::of(code()), at());
    let setup = option::of(id(EnrolmentId::from_bytes));
    prop_oneof![
        (challenge(), purpose(), option::of(method()), setup, rest).prop_map(
            |(challenge, purpose, method, setup, (skippable, code, expires_at))| UserEvent::ChallengeOpened {
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
    ]
}

fn attempt_event() -> impl Strategy<Value = UserEvent> {
    let reason = select(
        [FailureReason::WrongCode, FailureReason::AlreadyUsed, FailureReason::Expired, FailureReason::Superseded]
            .as_slice(),
    );
    prop_oneof![
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
        (kind(), any::<u32>(), option::of(at())).prop_map(|(kind, failures, until)| UserEvent::FactorLocked {
            kind,
            failures,
            until
        }),
        option::of(kind()).prop_map(|kind| UserEvent::FactorUnlocked { kind }),
    ]
}

pub(super) fn user_event() -> impl Strategy<Value = UserEvent> {
    let challenge = option::of(id(ChallengeId::from_bytes));
    prop_oneof![
        enrolment_event(),
        challenge_event(),
        attempt_event(),
        profile().prop_map(UserEvent::Registered),
        profile().prop_map(UserEvent::ProfileChanged),
        option::of(any::<bool>()).prop_map(UserEvent::Use2faSet),
        option::of(any::<bool>()).prop_map(UserEvent::ToggleRightSet),
        vec(hash(), 0..12).prop_map(|hashes| UserEvent::RecoveryCodesGenerated { hashes }),
        any::<bool>().prop_map(|recovery_revoked| UserEvent::AuthenticatorReset { recovery_revoked }),
        any::<bool>().prop_map(|recovery_revoked| UserEvent::TwoFactorReset { recovery_revoked }),
        (any::<bool>(), any::<bool>(), challenge).prop_map(|(erased, recovery_revoked, challenge)| {
            UserEvent::TwoFactorDisabled { erased, recovery_revoked, challenge }
        }),
        (hash(), hash(), sealed()).prop_map(|(key, body, answer)| UserEvent::ReceiptKept(Receipt {
            key,
            body,
            answer
        })),
        select([UserEvent::TwoFactorEnabled, UserEvent::UserErased].as_slice()),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

pub(super) fn tenant_event() -> impl Strategy<Value = TenantEvent> {
    let scopes = Scope::TENANT.into_iter().chain([Scope::Operator]).collect::<Vec<_>>();
    let key = (id(KeyId::from_bytes), hash(), mode(), btree_set(select(scopes), 0..6), text())
        .prop_map(|(id, hash, mode, scopes, label)| ApiKeyRecord { id, hash, mode, scopes, label });
    prop_oneof![
        (text(), option::of(text()), document()).prop_map(|(name, preset, document)| TenantEvent::Created {
            name,
            preset,
            document
        }),
        document().prop_map(|document| TenantEvent::SettingsChanged { document }),
        key.prop_map(TenantEvent::ApiKeyCreated),
        id(KeyId::from_bytes).prop_map(|id| TenantEvent::ApiKeyRevoked { id }),
        (channel(), sealed()).prop_map(|(channel, config)| TenantEvent::ChannelConfigured { channel, config }),
        channel().prop_map(|channel| TenantEvent::ChannelRemoved { channel }),
        (channel(), option::of(text()))
            .prop_map(|(channel, provider)| TenantEvent::DeliveryPaused { channel, provider }),
        (channel(), option::of(text()))
            .prop_map(|(channel, provider)| TenantEvent::DeliveryResumed { channel, provider }),
        (text(), text()).prop_map(|(prefix, reason)| TenantEvent::PrefixStopped { prefix, reason }),
        text().prop_map(|prefix| TenantEvent::PrefixReleased { prefix }),
        channel().prop_map(|channel| TenantEvent::ChannelTested { channel }),
        select([TenantEvent::Suspended, TenantEvent::Resumed].as_slice()),
    ]
}

pub(super) fn account_event() -> impl Strategy<Value = AccountEvent> {
    (sealed(), document()).prop_map(|(panel_id, overrides)| AccountEvent::OverridesSet { panel_id, overrides })
}

pub(super) fn delivery_event() -> impl Strategy<Value = DeliveryEvent> {
    let says = prop_oneof![
        (purpose(), text(), any::<[u8; 16]>(), any::<u8>()).prop_map(|(purpose, reference, nonce, digits)| {
            MessageKind::Code { purpose, reference, nonce: CodeNonce(nonce), digits }
        }),
        select(NoticeKind::ALL.as_slice()).prop_map(MessageKind::Notice),
    ];
    let whose = (id(MessageId::from_bytes), id(UserToken::from_bytes), mode());
    let request = (whose, channel(), destination(), says, option::of(text()), at()).prop_map(
        |((message, user, mode), channel, destination, kind, locale, expires_at)| DeliveryRequested {
            message,
            user,
            mode,
            channel,
            destination,
            kind,
            locale,
            expires_at,
        },
    );
    prop_oneof![
        request.prop_map(DeliveryEvent::Requested),
        (any::<u32>(), option::of(text()))
            .prop_map(|(attempt, provider)| DeliveryEvent::HandingOver { attempt, provider }),
        (any::<u32>(), text(), option::of(text())).prop_map(|(attempt, cause, provider)| DeliveryEvent::Retrying {
            attempt,
            cause,
            provider
        }),
        (any::<u32>(), option::of(text()), option::of(text()), option::of((text(), text()))).prop_map(
            |(attempt, provider_id, provider, region)| {
                let region = region.map(|(country, prefix)| SmsRegion { country, prefix });
                DeliveryEvent::Accepted { attempt, provider_id, provider, region }
            }
        ),
        (any::<u32>(), text(), option::of(text())).prop_map(|(attempt, cause, provider)| DeliveryEvent::Dead {
            attempt,
            cause,
            provider
        }),
        option::of(text()).prop_map(|provider| DeliveryEvent::Delivered { provider }),
        (option::of(text()), text(), any::<bool>()).prop_map(|(provider, cause, permanent)| DeliveryEvent::Bounced {
            provider,
            cause,
            permanent
        }),
        any::<u32>().prop_map(|attempt| DeliveryEvent::Expired { attempt }),
        select([DeliveryEvent::Captured, DeliveryEvent::Superseded, DeliveryEvent::Redriven].as_slice()),
    ]
}

fn suppression_event() -> impl Strategy<Value = SuppressionEvent> {
    let causes = vec![
        SuppressionCause::Bounced,
        SuppressionCause::OptedOut,
        SuppressionCause::Complaint,
        SuppressionCause::Manual,
    ];
    prop_oneof![
        (channel(), select(causes), option::of(id(MessageId::from_bytes)))
            .prop_map(|(channel, cause, message)| SuppressionEvent::Suppressed { channel, cause, message }),
        Just(SuppressionEvent::Released),
    ]
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => user_event().prop_map(Event::User),
        2 => tenant_event().prop_map(Event::Tenant),
        1 => account_event().prop_map(Event::Account),
        2 => delivery_event().prop_map(Event::Delivery),
        1 => suppression_event().prop_map(Event::Suppression),
    ]
}

pub(super) fn meta() -> impl Strategy<Value = Meta> {
    let actor = select([ActorKind::User, ActorKind::AccountAdmin, ActorKind::Support, ActorKind::System].as_slice());
    (at(), actor, option::of(id(UserToken::from_bytes)), option::of(text()), option::of(sealed()))
        .prop_map(|(at, actor, actor_token, request_id, private)| Meta { at, actor, actor_token, request_id, private })
}
