//! The details of a user's events.

use serde_json::Value;
use twofold_domain::user::{DestinationRef, EnrolmentDetail, IssuedCode, Profile, Proof, Target, UserEvent};
use twofold_domain::{ChallengeId, EnrolmentId};

use super::details::{nothing, object, time};

/// Of a user's event.
pub fn audit_details(event: &UserEvent) -> Value {
    match event {
        UserEvent::Registered(profile) | UserEvent::ProfileChanged(profile) => of_profile(profile),
        UserEvent::Use2faSet(value) | UserEvent::ToggleRightSet(value) => object([("value", value.map(Value::from))]),
        UserEvent::EnrolmentStarted { enrolment, challenge, method: _, detail, expires_at } => object([
            ("challenge", challenge.as_ref().map(|id| id.as_str().into())),
            ("destination", destination(detail).map(Value::from)),
            ("enrolment", text(enrolment.as_str())),
            ("expires_at", time(*expires_at)),
            ("message", code(detail).map(|code| code.message.as_str().into())),
        ]),
        UserEvent::EnrolmentCodeReissued { enrolment, code } => reissued("enrolment", enrolment.as_str(), code),
        UserEvent::EnrolmentConfirmed { enrolment, factor, method: _, step, message } => object([
            ("enrolment", text(enrolment.as_str())),
            ("factor", text(factor.as_str())),
            ("message", message.as_ref().map(|message| message.as_str().into())),
            ("step", step.map(Value::from)),
        ]),
        UserEvent::FactorReplaced { factor, method: _ } => object([("factor", text(factor.as_str()))]),
        UserEvent::ChallengeOpened { challenge, purpose, method: _, setup, skippable, code, expires_at } => object([
            ("challenge", text(challenge.as_str())),
            ("expires_at", time(*expires_at)),
            ("message", code.as_ref().map(|code| code.message.as_str().into())),
            ("purpose", text(purpose.name())),
            ("setup", setup.as_ref().map(EnrolmentId::as_str).map(Value::from)),
            ("skippable", Some((*skippable).into())),
        ]),
        UserEvent::ChallengeCodeReissued { challenge, code } => reissued("challenge", challenge.as_str(), code),
        UserEvent::VerificationSucceeded { purpose, target, proof } => succeeded(purpose.name(), target, proof),
        UserEvent::VerificationFailed { purpose, target, kind: _, reason: _, counted, drift_steps } => object([
            ("challenge", challenge_of(target)),
            ("counted", Some((*counted).into())),
            ("drift_steps", drift_steps.map(Value::from)),
            ("enrolment", enrolment_of(target)),
            ("purpose", text(purpose.name())),
        ]),
        UserEvent::FactorLocked { kind: _, failures, until } => {
            object([("failures", Some((*failures).into())), ("until", until.and_then(time))])
        }
        UserEvent::RecoveryCodesGenerated { hashes } => object([("count", Some(hashes.len().into()))]),
        UserEvent::AuthenticatorReset { recovery_revoked } | UserEvent::TwoFactorReset { recovery_revoked } => {
            object([("recovery_revoked", Some((*recovery_revoked).into()))])
        }
        UserEvent::TwoFactorDisabled { erased, recovery_revoked, challenge } => object([
            ("challenge", challenge.as_ref().map(ChallengeId::as_str).map(Value::from)),
            ("erased", Some((*erased).into())),
            ("recovery_revoked", Some((*recovery_revoked).into())),
        ]),
        UserEvent::FactorUnlocked { kind: _ }
        | UserEvent::TwoFactorEnabled
        | UserEvent::ReceiptKept(_)
        | UserEvent::UserErased => nothing(),
    }
}

fn of_profile(profile: &Profile) -> Value {
    object([
        ("account", profile.account.as_ref().map(|account| account.id.as_str().into())),
        ("email", Some(profile.email.is_some().into())),
        ("locale", profile.locale.as_deref().map(Value::from)),
        ("phone", Some(profile.phone.is_some().into())),
        ("role", text(profile.role.name())),
    ])
}

fn reissued(of: &str, id: &str, code: &IssuedCode) -> Value {
    object([(of, text(id)), ("expires_at", time(code.expires_at)), ("message", text(code.message.as_str()))])
}

fn succeeded(purpose: &str, target: &Target, proof: &Proof) -> Value {
    let (challenge, enrolment, purpose) = (challenge_of(target), enrolment_of(target), text(purpose));
    match proof {
        Proof::Totp { factor, step, drift_steps } => object([
            ("challenge", challenge),
            ("drift_steps", Some((*drift_steps).into())),
            ("enrolment", enrolment),
            ("factor", text(factor.as_str())),
            ("purpose", purpose),
            ("step", Some((*step).into())),
        ]),
        Proof::Code { method: _, message } => object([
            ("challenge", challenge),
            ("enrolment", enrolment),
            ("message", text(message.as_str())),
            ("purpose", purpose),
        ]),
        Proof::RecoveryCode { index } => object([
            ("challenge", challenge),
            ("enrolment", enrolment),
            ("index", Some((*index).into())),
            ("purpose", purpose),
        ]),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a member of an object")]
fn text(text: &str) -> Option<Value> {
    Some(text.into())
}

const fn code(detail: &EnrolmentDetail) -> Option<&IssuedCode> {
    match detail {
        EnrolmentDetail::Totp { .. } => None,
        EnrolmentDetail::Code { code, .. } => Some(code),
    }
}

const fn destination(detail: &EnrolmentDetail) -> Option<&'static str> {
    match detail {
        EnrolmentDetail::Totp { .. } => None,
        EnrolmentDetail::Code { destination: DestinationRef::Registered, .. } => Some("registered"),
        EnrolmentDetail::Code { destination: DestinationRef::Entered(_), .. } => Some("entered"),
    }
}

fn challenge_of(target: &Target) -> Option<Value> {
    match target {
        Target::Challenge(id) => text(id.as_str()),
        Target::Direct | Target::Enrolment(_) => None,
    }
}

fn enrolment_of(target: &Target) -> Option<Value> {
    match target {
        Target::Enrolment(id) => text(id.as_str()),
        Target::Direct | Target::Challenge(_) => None,
    }
}
