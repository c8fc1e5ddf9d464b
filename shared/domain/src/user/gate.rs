//! What an attempt would be evaluated against, decided before anything secret is touched: locked means that nothing
//! is evaluated (invariant 3), and step order is enforced here (C15).

use super::budget::Lock;
use super::command::Attempt;
use super::event::{DestinationRef, EnrolmentDetail, FailureReason, IssuedCode, Purpose, Target};
use super::refusal::Refusal;
use super::state::{Challenge, Closed, Enrolment, Factor, FactorDetail, User};
use crate::settings::{RecoveryPath, Settings};
use crate::{FactorId, FactorKind, KeyedHash, Method, Sealed, Timestamp, TotpParams};

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate<'a> {
    /// Compare with the TOTP codes of this secret.
    Totp {
        /// The secret.
        secret: &'a Sealed,
        /// Its parameters.
        params: TotpParams,
        /// The factor; none while enrolling.
        factor: Option<&'a FactorId>,
        /// Only steps after this one are accepted.
        last_step: Option<u64>,
    },
    /// Compare with this issued code.
    Code {
        /// The code.
        code: &'a IssuedCode,
        /// Why it was issued.
        purpose: Purpose,
        /// What it is bound to: id of the challenge or enrolment.
        reference: &'a str,
    },
    /// Compare with these hashes.
    RecoveryCode {
        /// The set.
        set: &'a [Option<KeyedHash>],
    },
    /// Do not look: it cannot be right any more. Recorded, not counted.
    Closed {
        /// Why.
        reason: FailureReason,
        /// Whose code it would have been.
        kind: FactorKind,
    },
}

impl Gate<'_> {
    /// Whose budget the attempt is charged to.
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Totp { .. } => FactorKind::Totp,
            Self::Code { code, .. } => match code.method {
                Method::Totp => FactorKind::Totp,
                Method::Email => FactorKind::Email,
                Method::Sms => FactorKind::Sms,
            },
            Self::RecoveryCode { .. } => FactorKind::RecoveryCode,
            Self::Closed { kind, .. } => *kind,
        }
    }
}

/// Says what the attempt is to be compared with, or why it is not.
pub fn gate<'a>(user: &'a User, settings: &Settings, attempt: &Attempt, now: Timestamp) -> Result<Gate<'a>, Refusal> {
    if user.erased {
        return Err(Refusal::UserErased);
    }
    if !user.is_registered() {
        return Err(Refusal::UserNotFound);
    }
    let now = user.monotone(now);
    let found = match &attempt.target {
        Target::Direct => direct(user, settings, attempt.kind)?,
        Target::Enrolment(id) => {
            let pending = user.enrolment.as_ref().filter(|e| e.id == *id).ok_or(Refusal::EnrolmentNotFound)?;
            enrolment(user, pending, now)
        }
        Target::Challenge(id) => {
            let challenge = user.challenge(id).ok_or(Refusal::ChallengeNotFound)?;
            in_challenge(user, settings, challenge, attempt, now)?
        }
    };
    ensure_unlocked(user, found.kind(), now)?;
    Ok(found)
}

pub(super) fn ensure_unlocked(user: &User, kind: FactorKind, now: Timestamp) -> Result<(), Refusal> {
    match user.budgets.of(kind).lock {
        Lock::Until(until) if now < until => Err(Refusal::Locked { kind, until: Some(until) }),
        Lock::Hard => Err(Refusal::Locked { kind, until: None }),
        Lock::Open | Lock::Until(_) => Ok(()),
    }
}

fn direct<'a>(user: &'a User, settings: &Settings, kind: Option<FactorKind>) -> Result<Gate<'a>, Refusal> {
    match kind.unwrap_or(FactorKind::Totp) {
        FactorKind::Totp => user.active_factor(Method::Totp, settings).and_then(totp).ok_or(Refusal::NotEnrolled),
        FactorKind::RecoveryCode => recovery(user, settings),
        // A sent code belongs to a challenge; there is nothing to compare with outside one (C9).
        FactorKind::Email | FactorKind::Sms => Err(Refusal::WrongTarget),
    }
}

fn totp(factor: &Factor) -> Option<Gate<'_>> {
    match &factor.detail {
        FactorDetail::Totp { secret, params, last_step } => {
            Some(Gate::Totp { secret, params: *params, factor: Some(&factor.id), last_step: Some(*last_step) })
        }
        FactorDetail::Email(_) | FactorDetail::Sms(_) => None,
    }
}

fn recovery<'a>(user: &'a User, settings: &Settings) -> Result<Gate<'a>, Refusal> {
    let open = settings.recovery_codes.enabled
        && settings.recovery.paths.contains(&RecoveryPath::RecoveryCode)
        && user.wants_2fa(settings);
    let set = user.recovery.as_deref().filter(|_| open && user.recovery_codes_left() > 0);
    set.map(|set| Gate::RecoveryCode { set }).ok_or(Refusal::NoRecoveryCodes)
}

fn in_challenge<'a>(
    user: &'a User,
    settings: &Settings,
    challenge: &'a Challenge,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<Gate<'a>, Refusal> {
    // A code given to confirm a change must not complete a login, nor the other way round (C9).
    if challenge.purpose != attempt.purpose {
        return Err(Refusal::ChallengeNotFound);
    }
    let kind = attempt.kind.unwrap_or_else(|| challenge_kind(user, challenge));
    ensure_unlocked(user, kind, now)?;
    if let Some(reason) = ended(challenge, now) {
        return Ok(Gate::Closed { reason, kind });
    }
    if kind == FactorKind::RecoveryCode {
        return recovery(user, settings);
    }
    if let Some(id) = &challenge.setup {
        let pending = user.enrolment.as_ref().filter(|e| e.id == *id).ok_or(Refusal::EnrolmentNotFound)?;
        return Ok(enrolment(user, pending, now));
    }
    let method = challenge.method.ok_or(Refusal::WrongTarget)?;
    if kind != FactorKind::from(method) {
        return Err(Refusal::WrongTarget);
    }
    let factor = user.active_factor(method, settings).ok_or(Refusal::NotEnrolled)?;
    match &factor.detail {
        FactorDetail::Totp { .. } => totp(factor).ok_or(Refusal::NotEnrolled),
        FactorDetail::Email(destination) | FactorDetail::Sms(destination) => {
            let code = challenge.code.as_ref().ok_or(Refusal::WrongTarget)?;
            Ok(sent(user, destination, code, challenge.purpose, challenge.id.as_str(), now))
        }
    }
}

fn challenge_kind(user: &User, challenge: &Challenge) -> FactorKind {
    let of_setup = || user.enrolment.as_ref().map(|e| e.method);
    challenge.method.or_else(of_setup).map_or(FactorKind::Totp, FactorKind::from)
}

fn ended(challenge: &Challenge, now: Timestamp) -> Option<FailureReason> {
    match challenge.closed {
        Some(Closed::Verified | Closed::Disabled) => Some(FailureReason::AlreadyUsed),
        Some(Closed::Superseded) => Some(FailureReason::Superseded),
        None if now >= challenge.expires_at => Some(FailureReason::Expired),
        None => None,
    }
}

fn enrolment<'a>(user: &'a User, pending: &'a Enrolment, now: Timestamp) -> Gate<'a> {
    if now >= pending.expires_at {
        return Gate::Closed { reason: FailureReason::Expired, kind: FactorKind::from(pending.method) };
    }
    match &pending.detail {
        EnrolmentDetail::Totp { secret, params } => {
            Gate::Totp { secret, params: *params, factor: None, last_step: None }
        }
        EnrolmentDetail::Code { destination, code } => {
            sent(user, destination, code, Purpose::Enrolment, pending.id.as_str(), now)
        }
    }
}

fn sent<'a>(
    user: &'a User,
    destination: &DestinationRef,
    code: &'a IssuedCode,
    purpose: Purpose,
    reference: &'a str,
    now: Timestamp,
) -> Gate<'a> {
    let kind = FactorKind::from(code.method);
    // Changing the destination voids what was sent to the old one (C9).
    let still_there = user.resolve(code.method, destination).is_some_and(|d| d.fingerprint == code.destination);
    if !still_there {
        return Gate::Closed { reason: FailureReason::Superseded, kind };
    }
    if now >= code.expires_at {
        return Gate::Closed { reason: FailureReason::Expired, kind };
    }
    Gate::Code { code, purpose, reference }
}
