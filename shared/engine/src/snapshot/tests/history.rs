//! A fixed history with every kind of event, so that every part of the state is something else than nothing at some
//! point of it.

use twofold_domain::actor::Role;
use twofold_domain::user::{
    AccountRef, Destination, DestinationRef, EnrolmentDetail, FailureReason, IssuedCode, Profile, Proof, Purpose,
    Receipt, Target, UserEvent,
};
use twofold_domain::{
    AccountId, ChallengeId, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyedHash, MessageId, Method, Mode, Sealed,
    Timestamp, TotpParams,
};

const START: i64 = 1_795_290_000_000;

fn at(secs: i64) -> Timestamp {
    Timestamp(START + secs * 1000)
}

fn destination(n: u8) -> Destination {
    Destination { sealed: Sealed::new(vec![n; 48]), fingerprint: KeyedHash::new([n; 32]) }
}

fn profile(locale: Option<&str>) -> Profile {
    Profile {
        mode: Mode::Test,
        panel_id: Sealed::new(vec![1; 40]),
        account: Some(AccountRef { id: AccountId::from_bytes([2; 16]), sealed: Sealed::new(vec![3; 44]) }),
        role: Role::Admin,
        email: Some(destination(4)),
        phone: Some(destination(5)),
        locale: locale.map(str::to_owned),
    }
}

fn code(n: u8, method: Method, secs: i64) -> IssuedCode {
    IssuedCode {
        message: MessageId::from_bytes([n; 16]),
        nonce: CodeNonce([n; 16]),
        method,
        destination: KeyedHash::new([5; 32]),
        issued_at: at(secs),
        expires_at: at(secs + 300),
        digits: 6,
    }
}

fn failed(kind: FactorKind, counted: bool) -> UserEvent {
    UserEvent::VerificationFailed {
        purpose: Purpose::Login,
        target: Target::Direct,
        kind,
        reason: if counted { FailureReason::WrongCode } else { FailureReason::Expired },
        counted,
        drift_steps: None,
    }
}

pub(super) fn history() -> Vec<(UserEvent, Timestamp)> {
    let events = [set_up(), log_in(), change()].concat();
    (0..).map(at).map(|at| at.plus_secs(7)).zip(events).map(|(at, event)| (event, at)).collect()
}

fn set_up() -> Vec<UserEvent> {
    let (app, sms) = (EnrolmentId::from_bytes([10; 16]), EnrolmentId::from_bytes([11; 16]));
    let start = |enrolment: &EnrolmentId, method, detail| UserEvent::EnrolmentStarted {
        enrolment: enrolment.clone(),
        challenge: Some(ChallengeId::from_bytes([19; 16])),
        method,
        detail,
        expires_at: at(900),
    };
    let confirm = |enrolment, n, method, step| UserEvent::EnrolmentConfirmed {
        enrolment,
        factor: FactorId::from_bytes([n; 16]),
        method,
        step,
        message: None,
    };
    let secret = EnrolmentDetail::Totp { secret: Sealed::new(vec![6; 48]), params: TotpParams::default() };
    let sent =
        EnrolmentDetail::Code { destination: DestinationRef::Entered(destination(7)), code: code(20, Method::Sms, 3) };
    vec![
        UserEvent::Registered(profile(None)),
        UserEvent::ProfileChanged(profile(Some("de"))),
        UserEvent::Use2faSet(Some(false)),
        UserEvent::ToggleRightSet(Some(true)),
        start(&app, Method::Totp, secret),
        confirm(app, 12, Method::Totp, Some(59_843_000)),
        UserEvent::TwoFactorEnabled,
        UserEvent::RecoveryCodesGenerated { hashes: (30..40).map(|n| KeyedHash::new([n; 32])).collect() },
        start(&sms, Method::Sms, sent),
        UserEvent::EnrolmentCodeReissued { enrolment: sms.clone(), code: code(21, Method::Sms, 9) },
        confirm(sms, 13, Method::Sms, None),
    ]
}

fn log_in() -> Vec<UserEvent> {
    let challenge = ChallengeId::from_bytes([14; 16]);
    let open = |id: &ChallengeId, method, purpose, code| UserEvent::ChallengeOpened {
        challenge: id.clone(),
        purpose,
        method: Some(method),
        setup: None,
        skippable: true,
        code,
        expires_at: at(700),
    };
    let right = |proof, target| UserEvent::VerificationSucceeded { purpose: Purpose::Login, target, proof };
    vec![
        open(&challenge, Method::Sms, Purpose::Login, Some(code(22, Method::Sms, 12))),
        UserEvent::ChallengeCodeReissued { challenge: challenge.clone(), code: code(23, Method::Sms, 14) },
        failed(FactorKind::Sms, true),
        right(
            Proof::Code { method: Method::Sms, message: MessageId::from_bytes([23; 16]) },
            Target::Challenge(challenge),
        ),
        right(
            Proof::Totp { factor: FactorId::from_bytes([12; 16]), step: 59_843_009, drift_steps: -1 },
            Target::Direct,
        ),
        right(Proof::RecoveryCode { index: 3 }, Target::Direct),
        open(&ChallengeId::from_bytes([15; 16]), Method::Totp, Purpose::Reauth, None),
        failed(FactorKind::Totp, true),
        failed(FactorKind::Email, false),
        UserEvent::FactorLocked { kind: FactorKind::Totp, failures: 5, until: Some(at(60)) },
        UserEvent::FactorLocked { kind: FactorKind::RecoveryCode, failures: 50, until: None },
        UserEvent::ReceiptKept(Receipt {
            key: KeyedHash::new([16; 32]),
            body: KeyedHash::new([17; 32]),
            answer: Sealed::new(vec![18; 200]),
        }),
    ]
}

fn change() -> Vec<UserEvent> {
    vec![
        UserEvent::FactorUnlocked { kind: Some(FactorKind::RecoveryCode) },
        UserEvent::FactorUnlocked { kind: None },
        UserEvent::FactorReplaced { factor: FactorId::from_bytes([13; 16]), method: Method::Sms },
        UserEvent::AuthenticatorReset { recovery_revoked: false },
        UserEvent::TwoFactorReset { recovery_revoked: true },
        UserEvent::TwoFactorDisabled {
            erased: true,
            recovery_revoked: true,
            challenge: Some(ChallengeId::from_bytes([15; 16])),
        },
        UserEvent::UserErased,
    ]
}
