//! One sentence for each event of a user. A new event breaks the build here (invariant 7).

use twofold_domain::user::{FailureReason, Proof, Purpose, UserEvent};
use twofold_domain::{FactorKind, Method};

/// What happened, for people.
pub fn sentence(event: &UserEvent) -> String {
    match event {
        UserEvent::Registered(profile) => format!("The panel told of this user ({}).", profile.role.name()),
        UserEvent::ProfileChanged(_) => "The panel told of changes.".to_owned(),
        UserEvent::Use2faSet(value) => format!("\"Use 2FA\" was set to {}.", switch(*value)),
        UserEvent::ToggleRightSet(value) => format!("\"Can toggle the use of 2FA\" was set to {}.", switch(*value)),
        UserEvent::EnrolmentStarted { method, challenge, .. } => {
            let place = if challenge.is_some() { " at the login page" } else { "" };
            format!("Set-up of {} began{place}.", name(*method))
        }
        UserEvent::EnrolmentCodeReissued { code, .. } => {
            format!("A new set-up code was sent by {}; the older one is dead.", name(code.method))
        }
        UserEvent::EnrolmentConfirmed { method, .. } => {
            format!("Set-up of {} was completed with the right code.", name(*method))
        }
        UserEvent::TwoFactorEnabled => "Two-factor authentication was switched on.".to_owned(),
        UserEvent::FactorReplaced { method, .. } => format!("The older {} was replaced.", name(*method)),
        UserEvent::ChallengeOpened { purpose, method, setup, code, .. } => {
            opened(*purpose, *method, setup.is_some(), code.is_some())
        }
        UserEvent::ChallengeCodeReissued { code, .. } => {
            format!("A new code was sent by {}; the older one is dead.", name(code.method))
        }
        UserEvent::VerificationSucceeded { purpose, proof, .. } => succeeded(*purpose, proof),
        UserEvent::VerificationFailed { purpose, kind, reason, counted, drift_steps, .. } => {
            failed(*purpose, *kind, *reason, *counted, *drift_steps)
        }
        UserEvent::FactorLocked { kind, failures, until } => match until {
            Some(until) => {
                format!("{failures} wrong codes in a row: {} is locked until {}.", factor(*kind), until.to_rfc3339())
            }
            None => format!("{failures} wrong codes in a row: {} is locked until somebody unlocks it.", factor(*kind)),
        },
        UserEvent::FactorUnlocked { kind } => {
            format!("The lock of {} was lifted.", kind.map_or("every factor", factor))
        }
        UserEvent::RecoveryCodesGenerated { hashes } => {
            format!("{} new recovery codes were made; older ones are dead.", hashes.len())
        }
        UserEvent::AuthenticatorReset { recovery_revoked } => {
            format!("The authenticator app was removed{}.", codes(*recovery_revoked))
        }
        UserEvent::TwoFactorReset { recovery_revoked } => {
            format!("Every factor was removed{}.", codes(*recovery_revoked))
        }
        UserEvent::TwoFactorDisabled { erased, recovery_revoked, challenge } => {
            let place = if challenge.is_some() { " at the login page" } else { "" };
            let factors = if *erased { "the factors were erased" } else { "the factors sleep" };
            format!("Two-factor authentication was switched off{place}: {factors}{}.", codes(*recovery_revoked))
        }
        UserEvent::ReceiptKept(_) => "The answer was kept for a repeated request.".to_owned(),
        UserEvent::UserErased => "The user's key was destroyed: nothing personal can be read any more.".to_owned(),
    }
}

const fn switch(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "whatever the rules say",
    }
}

const fn name(method: Method) -> &'static str {
    match method {
        Method::Totp => "the authenticator app",
        Method::Email => "e-mail",
        Method::Sms => "SMS",
    }
}

const fn factor(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Totp => "the authenticator app",
        FactorKind::Email => "e-mail",
        FactorKind::Sms => "SMS",
        FactorKind::RecoveryCode => "recovery codes",
    }
}

const fn purpose_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Login => "to log in",
        Purpose::Reauth => "to confirm a change",
        Purpose::Enrolment => "to prove a new factor",
    }
}

const fn codes(revoked: bool) -> &'static str {
    if revoked { ", and the recovery codes died" } else { "" }
}

fn opened(purpose: Purpose, method: Option<Method>, setup: bool, sent: bool) -> String {
    let wanted = match method {
        _ if setup => "set-up was asked for".to_owned(),
        Some(method) if sent => format!("a code was sent by {}", name(method)),
        Some(method) => format!("a code of {} was asked for", name(method)),
        None => "a method was asked for".to_owned(),
    };
    format!("A challenge was opened {}: {wanted}.", purpose_of(purpose))
}

fn succeeded(purpose: Purpose, proof: &Proof) -> String {
    let how = match proof {
        Proof::Totp { drift_steps: 0, .. } => "a code of the authenticator app".to_owned(),
        Proof::Totp { drift_steps, .. } => {
            format!("a code of the authenticator app (the phone's clock is {})", steps(*drift_steps))
        }
        Proof::Code { method, .. } => format!("the code sent by {}", name(*method)),
        Proof::RecoveryCode { index } => format!("recovery code no. {}", u32::from(*index) + 1),
    };
    format!("Right: {how}, {}.", purpose_of(purpose))
}

fn failed(purpose: Purpose, kind: FactorKind, reason: FailureReason, counted: bool, drift: Option<i32>) -> String {
    let why = match reason {
        FailureReason::WrongCode => "a wrong code",
        FailureReason::AlreadyUsed => "a code that was used before",
        FailureReason::Expired => "a code whose time is over",
        FailureReason::Superseded => "a code that a newer one replaced",
    };
    let drift = drift.map(|drift| format!(" (the phone's clock is {})", steps(drift))).unwrap_or_default();
    let counted = if counted { "" } else { "; not counted" };
    format!("Not accepted: {why} for {}, {}{drift}{counted}.", factor(kind), purpose_of(purpose))
}

fn steps(drift: i32) -> String {
    let count = drift.unsigned_abs();
    format!("{count} step{} {}", if count == 1 { "" } else { "s" }, if drift < 0 { "behind" } else { "ahead" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_told() {
        let told = failed(Purpose::Login, FactorKind::Totp, FailureReason::WrongCode, true, Some(-3));
        assert_eq!(
            told,
            "Not accepted: a wrong code for the authenticator app, to log in (the phone's clock is 3 steps behind)."
        );
    }
}
