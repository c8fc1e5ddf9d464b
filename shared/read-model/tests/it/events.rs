//! One sample of every event, varied by a number.

use twofold_domain::actor::Role;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested, SmsRegion, SuppressionCause, SuppressionEvent};
use twofold_domain::tenant::{ApiKeyRecord, Scope, TenantEvent};
use twofold_domain::user::{
    AccountRef, Destination, DestinationRef, EnrolmentDetail, FailureReason, IssuedCode, MessageKind, NoticeKind,
    Profile, Proof, Purpose, Receipt, Target, UserEvent,
};
use twofold_domain::{
    AccountId, ChallengeId, Channel, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyId, KeyedHash, MessageId, Method,
    Mode, Sealed, TenantId, Timestamp, TotpParams, UserToken,
};

/// Bytes that appear in nothing but ciphertexts, hashes and nonces.
pub const CANARY: u8 = 0xA7;

pub fn bytes(n: u64) -> [u8; 16] {
    u128::from(n).to_be_bytes()
}

pub fn tenant(n: u64) -> TenantId {
    TenantId::from_bytes(bytes(n))
}

pub fn user(n: u64) -> UserToken {
    UserToken::from_bytes(bytes(n))
}

pub fn account(n: u64) -> AccountId {
    AccountId::from_bytes(bytes(n))
}

pub fn message(n: u64) -> MessageId {
    MessageId::from_bytes(bytes(n))
}

pub fn sealed() -> Sealed {
    Sealed::new(vec![CANARY; 24])
}

fn hash() -> KeyedHash {
    KeyedHash::new([CANARY; 32])
}

fn destination() -> Destination {
    Destination { sealed: sealed(), fingerprint: hash() }
}

pub fn profile(n: u64) -> Profile {
    Profile {
        mode: Mode::Live,
        panel_id: sealed(),
        account: (!n.is_multiple_of(3)).then(|| AccountRef { id: account(n % 3), sealed: sealed() }),
        role: if n.is_multiple_of(2) { Role::Admin } else { Role::User },
        email: Some(destination()),
        phone: n.is_multiple_of(5).then(destination),
        locale: Some("de".to_owned()),
    }
}

fn method(n: u64) -> Method {
    Method::ALL[usize::try_from(n % 3).unwrap()]
}

fn kind(n: u64) -> FactorKind {
    [FactorKind::Totp, FactorKind::Email, FactorKind::Sms, FactorKind::RecoveryCode][usize::try_from(n % 4).unwrap()]
}

fn code(n: u64) -> IssuedCode {
    IssuedCode {
        message: message(n),
        nonce: CodeNonce([CANARY; 16]),
        method: Method::Email,
        destination: hash(),
        issued_at: Timestamp(1),
        expires_at: Timestamp(2),
        digits: 6,
    }
}

/// How many user events [`user_event`] knows: one of each.
pub const USER_EVENTS: u64 = 21;

pub fn user_event(which: u64, n: u64) -> UserEvent {
    let challenge = ChallengeId::from_bytes(bytes(n));
    let enrolment = EnrolmentId::from_bytes(bytes(n));
    let factor = FactorId::from_bytes(bytes(n % 4));
    let purpose = [Purpose::Login, Purpose::Reauth, Purpose::Enrolment][usize::try_from(n % 3).unwrap()];
    let flag = n.is_multiple_of(2);
    match which % USER_EVENTS {
        0 => UserEvent::Registered(profile(n)),
        1 => UserEvent::ProfileChanged(profile(n)),
        2 => UserEvent::Use2faSet([None, Some(false), Some(true)][usize::try_from(n % 3).unwrap()]),
        3 => UserEvent::ToggleRightSet(Some(flag)),
        4 => UserEvent::EnrolmentStarted {
            enrolment,
            challenge: flag.then_some(challenge),
            method: method(n),
            detail: if flag {
                EnrolmentDetail::Totp { secret: sealed(), params: TotpParams::default() }
            } else {
                EnrolmentDetail::Code { destination: DestinationRef::Entered(destination()), code: code(n) }
            },
            expires_at: Timestamp(5),
        },
        5 => UserEvent::EnrolmentCodeReissued { enrolment, code: code(n) },
        6 => UserEvent::EnrolmentConfirmed {
            enrolment,
            factor,
            method: method(n),
            step: flag.then_some(n),
            message: (!flag).then(|| message(n % 8)),
        },
        7 => UserEvent::TwoFactorEnabled,
        8 => UserEvent::FactorReplaced { factor, method: method(n) },
        9 => UserEvent::ChallengeOpened {
            challenge,
            purpose,
            method: flag.then_some(Method::Email),
            setup: (!flag).then_some(enrolment),
            skippable: flag,
            code: flag.then(|| code(n)),
            expires_at: Timestamp(9),
        },
        10 => UserEvent::ChallengeCodeReissued { challenge, code: code(n) },
        11 => UserEvent::VerificationSucceeded {
            purpose,
            target: if flag { Target::Direct } else { Target::Challenge(challenge) },
            proof: match n % 3 {
                0 => Proof::Totp { factor, step: n, drift_steps: -1 },
                1 => Proof::Code { method: Method::Sms, message: message(n) },
                _ => Proof::RecoveryCode { index: 3 },
            },
        },
        12 => UserEvent::VerificationFailed {
            purpose,
            target: Target::Enrolment(enrolment),
            kind: kind(n),
            reason: FailureReason::WrongCode,
            counted: flag,
            drift_steps: flag.then_some(4),
        },
        13 => UserEvent::FactorLocked {
            kind: kind(n),
            failures: 5,
            until: flag.then_some(Timestamp(1_000 + n.cast_signed())),
        },
        14 => UserEvent::FactorUnlocked { kind: flag.then(|| kind(n)) },
        15 => UserEvent::RecoveryCodesGenerated { hashes: vec![hash(); 10] },
        16 => UserEvent::AuthenticatorReset { recovery_revoked: flag },
        17 => UserEvent::TwoFactorReset { recovery_revoked: flag },
        18 => UserEvent::TwoFactorDisabled { erased: flag, recovery_revoked: flag, challenge: Some(challenge) },
        19 => UserEvent::ReceiptKept(Receipt { key: hash(), body: hash(), answer: sealed() }),
        _ => UserEvent::UserErased,
    }
}

pub const TENANT_EVENTS: u64 = 13;

pub fn tenant_event(which: u64, n: u64) -> TenantEvent {
    let id = KeyId::from_bytes(bytes(n));
    let document = serde_json::json!({ "totp": { "digits": 6 }, "brand": "Example" });
    match which % TENANT_EVENTS {
        0 => TenantEvent::Created { name: format!("tenant-{n}"), preset: None, document },
        1 => TenantEvent::SettingsChanged { document },
        2 => TenantEvent::ApiKeyCreated(ApiKeyRecord {
            id,
            hash: hash(),
            mode: Mode::Test,
            scopes: [Scope::Login, Scope::Users].into(),
            label: "ci".to_owned(),
        }),
        3 => TenantEvent::ApiKeyRevoked { id },
        4 => TenantEvent::ChannelConfigured { channel: Channel::Sms, config: sealed() },
        5 => TenantEvent::ChannelRemoved { channel: Channel::Email },
        6 => TenantEvent::Suspended,
        7 => TenantEvent::Resumed,
        8 => TenantEvent::ChannelTested { channel: Channel::Email },
        9 => TenantEvent::DeliveryPaused { channel: Channel::Sms, provider: Some("twilio".to_owned()) },
        10 => TenantEvent::DeliveryResumed { channel: Channel::Sms, provider: None },
        11 => TenantEvent::PrefixStopped { prefix: "+49151".to_owned(), reason: "low conversion".to_owned() },
        _ => TenantEvent::PrefixReleased { prefix: "+49151".to_owned() },
    }
}

pub fn request(n: u64, whose: u64) -> DeliveryEvent {
    let kind = if n.is_multiple_of(2) {
        MessageKind::Notice(NoticeKind::FactorLocked)
    } else {
        MessageKind::Code {
            purpose: Purpose::Login,
            reference: "ch".to_owned(),
            nonce: CodeNonce([CANARY; 16]),
            digits: 6,
        }
    };
    DeliveryEvent::Requested(DeliveryRequested {
        message: message(n),
        user: user(whose),
        mode: if n.is_multiple_of(7) { Mode::Test } else { Mode::Live },
        channel: if n.is_multiple_of(3) { Channel::Sms } else { Channel::Email },
        destination: destination(),
        kind,
        locale: None,
        expires_at: Timestamp(7),
    })
}

pub const LEDGER_EVENTS: u64 = 10;

pub fn ledger_event(which: u64, attempt: u32) -> DeliveryEvent {
    match which % LEDGER_EVENTS {
        9 => DeliveryEvent::HandingOver { attempt, provider: Some("relay".to_owned()) },
        0 => DeliveryEvent::Retrying { attempt, cause: "421 try later".to_owned(), provider: Some("relay".to_owned()) },
        1 => DeliveryEvent::Accepted {
            attempt,
            provider_id: Some("SM1".to_owned()),
            provider: Some("twilio".to_owned()),
            region: Some(SmsRegion { country: "DE".to_owned(), prefix: "+49151".to_owned() }),
        },
        2 => DeliveryEvent::Captured,
        3 => DeliveryEvent::Dead { attempt, cause: "550 no such box".to_owned(), provider: None },
        4 => DeliveryEvent::Expired { attempt },
        5 => DeliveryEvent::Superseded,
        6 => DeliveryEvent::Delivered { provider: Some("twilio".to_owned()) },
        7 => DeliveryEvent::Bounced {
            provider: Some("relay".to_owned()),
            cause: "550 no such box".to_owned(),
            permanent: true,
        },
        _ => DeliveryEvent::Redriven,
    }
}

pub const SUPPRESSION_EVENTS: u64 = 3;

pub fn suppression_event(which: u64, n: u64) -> SuppressionEvent {
    let suppressed = |cause, message| SuppressionEvent::Suppressed { channel: Channel::Sms, cause, message };
    match which % SUPPRESSION_EVENTS {
        0 => suppressed(SuppressionCause::Bounced, Some(message(n))),
        1 => suppressed(SuppressionCause::OptedOut, None),
        _ => SuppressionEvent::Released,
    }
}

/// The code of a message was accepted.
pub fn used(n: u64) -> UserEvent {
    let proof = Proof::Code { method: Method::Sms, message: message(n) };
    UserEvent::VerificationSucceeded { purpose: Purpose::Login, target: Target::Direct, proof }
}
