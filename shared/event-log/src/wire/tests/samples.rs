//! One fully populated sample of every event, one with everything optional left out, and one for each further choice
//! inside an event.

use serde_json::json;
use twofold_domain::actor::Role;
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

use crate::wire::Event;

pub(super) struct Sample {
    /// Empty for the full one.
    pub(super) label: &'static str,
    pub(super) event: Event,
}

pub(super) fn samples() -> Vec<Sample> {
    let mut all = Vec::new();
    user(&mut |label, event| all.push(Sample { label, event: Event::User(event) }));
    attempts(&mut |label, event| all.push(Sample { label, event: Event::User(event) }));
    changes(&mut |label, event| all.push(Sample { label, event: Event::User(event) }));
    tenant(&mut |label, event| all.push(Sample { label, event: Event::Tenant(event) }));
    account(&mut |label, event| all.push(Sample { label, event: Event::Account(event) }));
    delivery(&mut |label, event| all.push(Sample { label, event: Event::Delivery(event) }));
    suppression(&mut |label, event| all.push(Sample { label, event: Event::Suppression(event) }));
    all
}

const FULL: &str = "";
const MIN: &str = "min";
const AT: Timestamp = Timestamp(1_795_290_000_123);
const LATER: Timestamp = Timestamp(1_795_290_300_123);

fn challenge() -> ChallengeId {
    ChallengeId::from_bytes([0x11; 16])
}

fn enrolment() -> EnrolmentId {
    EnrolmentId::from_bytes([0x12; 16])
}

fn factor() -> FactorId {
    FactorId::from_bytes([0x13; 16])
}

fn message() -> MessageId {
    MessageId::from_bytes([0x14; 16])
}

fn sealed(start: u8) -> Sealed {
    Sealed::new((start..start + 32).collect())
}

fn destination() -> Destination {
    Destination { sealed: sealed(0x20), fingerprint: KeyedHash::new([0x21; 32]) }
}

fn code(method: Method) -> IssuedCode {
    IssuedCode {
        message: message(),
        nonce: CodeNonce([0x22; 16]),
        method,
        destination: KeyedHash::new([0x21; 32]),
        issued_at: AT,
        expires_at: LATER,
        digits: 6,
    }
}

fn full_profile() -> Profile {
    Profile {
        mode: Mode::Live,
        panel_id: sealed(0x30),
        account: Some(AccountRef { id: AccountId::from_bytes([0x31; 16]), sealed: sealed(0x32) }),
        role: Role::Admin,
        email: Some(destination()),
        phone: Some(Destination { sealed: sealed(0x40), fingerprint: KeyedHash::new([0x41; 32]) }),
        locale: Some("de-at".to_owned()),
    }
}

fn min_profile() -> Profile {
    Profile {
        mode: Mode::Test,
        panel_id: sealed(0x30),
        account: None,
        role: Role::User,
        email: None,
        phone: None,
        locale: None,
    }
}

fn user(add: &mut impl FnMut(&'static str, UserEvent)) {
    add(FULL, UserEvent::Registered(full_profile()));
    add(MIN, UserEvent::Registered(min_profile()));
    add(FULL, UserEvent::ProfileChanged(full_profile()));
    add(MIN, UserEvent::ProfileChanged(min_profile()));
    add(FULL, UserEvent::Use2faSet(Some(true)));
    add(MIN, UserEvent::Use2faSet(None));
    add(FULL, UserEvent::ToggleRightSet(Some(false)));
    add(MIN, UserEvent::ToggleRightSet(None));

    let totp = EnrolmentDetail::Totp { secret: sealed(0x50), params: TotpParams::default() };
    let imported = |algorithm| EnrolmentDetail::Totp {
        secret: sealed(0x50),
        params: TotpParams { digits: 8, period_secs: 60, skew_steps: 0, algorithm },
    };
    let entered =
        EnrolmentDetail::Code { destination: DestinationRef::Entered(destination()), code: code(Method::Sms) };
    let registered = EnrolmentDetail::Code { destination: DestinationRef::Registered, code: code(Method::Email) };
    let started = |challenge, method, detail| UserEvent::EnrolmentStarted {
        enrolment: enrolment(),
        challenge,
        method,
        detail,
        expires_at: LATER,
    };
    add(FULL, started(Some(challenge()), Method::Sms, entered));
    add("registered", started(None, Method::Email, registered));
    add(MIN, started(None, Method::Totp, totp));
    add("sha256", started(None, Method::Totp, imported(Algorithm::Sha256)));
    add("sha512", started(None, Method::Totp, imported(Algorithm::Sha512)));
    add(FULL, UserEvent::EnrolmentCodeReissued { enrolment: enrolment(), code: code(Method::Email) });
    let confirmed = |method, step, message| UserEvent::EnrolmentConfirmed {
        enrolment: enrolment(),
        factor: factor(),
        method,
        step,
        message,
    };
    add(FULL, confirmed(Method::Totp, Some(59_843_000), None));
    add("code", confirmed(Method::Sms, None, Some(MessageId::from_bytes([4; 16]))));
    add(MIN, confirmed(Method::Email, None, None));
    add(FULL, UserEvent::TwoFactorEnabled);
    add(FULL, UserEvent::FactorReplaced { factor: factor(), method: Method::Totp });
}

fn attempts(add: &mut impl FnMut(&'static str, UserEvent)) {
    add(
        FULL,
        UserEvent::ChallengeOpened {
            challenge: challenge(),
            purpose: Purpose::Login,
            method: Some(Method::Email),
            setup: Some(enrolment()),
            skippable: true,
            code: Some(code(Method::Email)),
            expires_at: LATER,
        },
    );
    add(
        MIN,
        UserEvent::ChallengeOpened {
            challenge: challenge(),
            purpose: Purpose::Reauth,
            method: None,
            setup: None,
            skippable: false,
            code: None,
            expires_at: LATER,
        },
    );
    add(FULL, UserEvent::ChallengeCodeReissued { challenge: challenge(), code: code(Method::Sms) });

    let succeeded = |purpose, target, proof| UserEvent::VerificationSucceeded { purpose, target, proof };
    let by_totp = Proof::Totp { factor: factor(), step: 59_843_000, drift_steps: -1 };
    add(FULL, succeeded(Purpose::Login, Target::Challenge(challenge()), by_totp));
    let by_code = Proof::Code { method: Method::Email, message: message() };
    add("code", succeeded(Purpose::Enrolment, Target::Enrolment(enrolment()), by_code));
    add("recovery_code", succeeded(Purpose::Reauth, Target::Direct, Proof::RecoveryCode { index: 9 }));

    let failed = |kind, reason, counted, drift_steps| UserEvent::VerificationFailed {
        purpose: Purpose::Login,
        target: Target::Challenge(challenge()),
        kind,
        reason,
        counted,
        drift_steps,
    };
    add(FULL, failed(FactorKind::Totp, FailureReason::WrongCode, true, Some(-7)));
    add(MIN, failed(FactorKind::RecoveryCode, FailureReason::AlreadyUsed, true, None));
    add("expired", failed(FactorKind::Email, FailureReason::Expired, false, None));
    add("superseded", failed(FactorKind::Sms, FailureReason::Superseded, false, None));

    add(FULL, UserEvent::FactorLocked { kind: FactorKind::Totp, failures: 5, until: Some(LATER) });
    add(MIN, UserEvent::FactorLocked { kind: FactorKind::Totp, failures: 50, until: None });
    add(FULL, UserEvent::FactorUnlocked { kind: Some(FactorKind::Sms) });
    add(MIN, UserEvent::FactorUnlocked { kind: None });
}

fn changes(add: &mut impl FnMut(&'static str, UserEvent)) {
    add(
        FULL,
        UserEvent::RecoveryCodesGenerated { hashes: vec![KeyedHash::new([0x60; 32]), KeyedHash::new([0x61; 32])] },
    );
    add(FULL, UserEvent::AuthenticatorReset { recovery_revoked: false });
    add(FULL, UserEvent::TwoFactorReset { recovery_revoked: true });
    let disabled = |challenge| UserEvent::TwoFactorDisabled { erased: true, recovery_revoked: false, challenge };
    add(FULL, disabled(Some(challenge())));
    add(MIN, disabled(None));
    add(
        FULL,
        UserEvent::ReceiptKept(Receipt {
            key: KeyedHash::new([0x70; 32]),
            body: KeyedHash::new([0x71; 32]),
            answer: sealed(0x72),
        }),
    );
    add(FULL, UserEvent::UserErased);
}

fn tenant(add: &mut impl FnMut(&'static str, TenantEvent)) {
    // Keys in alphabetical order: a document may come back with its members sorted.
    let document =
        json!({"brand": "Köder \"&\" Söhne\n", "grace_days": 14, "policy": "required", "sms": {"allow": []}});
    add(
        FULL,
        TenantEvent::Created {
            name: "example-hosting".to_owned(),
            preset: Some("strict".to_owned()),
            document: document.clone(),
        },
    );
    add(MIN, TenantEvent::Created { name: "plain".to_owned(), preset: None, document: json!({}) });
    add(FULL, TenantEvent::SettingsChanged { document });
    add(
        FULL,
        TenantEvent::ApiKeyCreated(ApiKeyRecord {
            id: KeyId::from_bytes([0x80; 16]),
            hash: KeyedHash::new([0x81; 32]),
            mode: Mode::Test,
            scopes: Scope::TENANT.into_iter().chain([Scope::Operator]).collect(),
            label: "login page".to_owned(),
        }),
    );
    add(FULL, TenantEvent::ApiKeyRevoked { id: KeyId::from_bytes([0x80; 16]) });
    add(FULL, TenantEvent::ChannelConfigured { channel: Channel::Email, config: sealed(0x82) });
    add(FULL, TenantEvent::ChannelRemoved { channel: Channel::Sms });
    let provider = Some("twilio".to_owned());
    add(FULL, TenantEvent::DeliveryPaused { channel: Channel::Sms, provider: provider.clone() });
    add(MIN, TenantEvent::DeliveryPaused { channel: Channel::Email, provider: None });
    add(MIN, TenantEvent::DeliveryResumed { channel: Channel::Email, provider: None });
    add(FULL, TenantEvent::DeliveryResumed { channel: Channel::Sms, provider });
    let prefix = "+49151".to_owned();
    add(FULL, TenantEvent::PrefixStopped { prefix: prefix.clone(), reason: "conversion 4 %".to_owned() });
    add(FULL, TenantEvent::PrefixReleased { prefix });
    add(FULL, TenantEvent::ChannelTested { channel: Channel::Sms });
    add(FULL, TenantEvent::Suspended);
    add(FULL, TenantEvent::Resumed);
}

fn account(add: &mut impl FnMut(&'static str, AccountEvent)) {
    add(FULL, AccountEvent::OverridesSet { panel_id: sealed(0x90), overrides: json!({"policy": "offered"}) });
}

fn delivery(add: &mut impl FnMut(&'static str, DeliveryEvent)) {
    let requested = |channel, kind, locale: Option<&str>| {
        DeliveryEvent::Requested(DeliveryRequested {
            message: message(),
            user: UserToken::from_bytes([0xA0; 16]),
            mode: Mode::Live,
            channel,
            destination: destination(),
            kind,
            locale: locale.map(str::to_owned),
            expires_at: LATER,
        })
    };
    let code = |purpose, reference: &str| MessageKind::Code {
        purpose,
        reference: reference.to_owned(),
        nonce: CodeNonce([0x22; 16]),
        digits: 8,
    };
    add(FULL, requested(Channel::Sms, code(Purpose::Login, challenge().as_str()), Some("de")));
    add(MIN, requested(Channel::Email, code(Purpose::Enrolment, enrolment().as_str()), None));
    for kind in NoticeKind::ALL {
        add(notice_label(kind), requested(Channel::Email, MessageKind::Notice(kind), None));
    }
    add(FULL, DeliveryEvent::HandingOver { attempt: 2, provider: Some("relay".to_owned()) });
    add(FULL, DeliveryEvent::Retrying { attempt: 2, cause: "451".to_owned(), provider: Some("relay".to_owned()) });
    let region = SmsRegion { country: "DE".to_owned(), prefix: "+49151".to_owned() };
    add(
        FULL,
        DeliveryEvent::Accepted {
            attempt: 1,
            provider_id: Some("SM0123456789abcdef".to_owned()),
            provider: Some("twilio".to_owned()),
            region: Some(region),
        },
    );
    add(MIN, DeliveryEvent::Accepted { attempt: 1, provider_id: None, provider: None, region: None });
    add(FULL, DeliveryEvent::Captured);
    add(MIN, DeliveryEvent::HandingOver { attempt: 1, provider: None });
    add(MIN, DeliveryEvent::Retrying { attempt: 1, cause: "421".to_owned(), provider: None });
    add(FULL, DeliveryEvent::Dead { attempt: 5, cause: "550".to_owned(), provider: Some("relay".to_owned()) });
    add(MIN, DeliveryEvent::Dead { attempt: 0, cause: "no_channel".to_owned(), provider: None });
    add(FULL, DeliveryEvent::Expired { attempt: 0 });
    add(FULL, DeliveryEvent::Superseded);
    add(FULL, DeliveryEvent::Delivered { provider: Some("twilio".to_owned()) });
    let cause = "undelivered 30005".to_owned();
    add(MIN, DeliveryEvent::Delivered { provider: None });
    add(MIN, DeliveryEvent::Bounced { provider: None, cause: "5.1.1".to_owned(), permanent: false });
    add(FULL, DeliveryEvent::Bounced { provider: Some("twilio".to_owned()), cause, permanent: true });
    add(FULL, DeliveryEvent::Redriven);
}

fn suppression(add: &mut dyn FnMut(&'static str, SuppressionEvent)) {
    let suppressed = |cause, message| SuppressionEvent::Suppressed { channel: Channel::Sms, cause, message };
    add(FULL, suppressed(SuppressionCause::Bounced, Some(MessageId::from_bytes([4; 16]))));
    add(MIN, suppressed(SuppressionCause::OptedOut, None));
    add("complaint", suppressed(SuppressionCause::Complaint, None));
    add("manual", suppressed(SuppressionCause::Manual, None));
    add(FULL, SuppressionEvent::Released);
}

fn notice_label(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::TwoFactorEnabled => "notice-enabled",
        NoticeKind::TwoFactorDisabled => "notice-disabled",
        NoticeKind::TwoFactorReset => "notice-reset",
        NoticeKind::AuthenticatorReset => "notice-authenticator-reset",
        NoticeKind::RecoveryCodesRegenerated => "notice-regenerated",
        NoticeKind::RecoveryCodeUsed => "notice-recovery-used",
        NoticeKind::FactorLocked => "notice-locked",
    }
}
