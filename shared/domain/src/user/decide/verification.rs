//! Judging what somebody typed.

use super::{Decision, Outcome, enrolment};
use crate::actor::Actor;
use crate::limits::MAX_LATE_RECORDED;
use crate::settings::{ReauthRule, Settings};
use crate::user::budget::Lock;
use crate::user::command::{Attempt, Command, CommandKind, Evidence, ReauthProof};
use crate::user::event::{FailureReason, Proof, Purpose, Target, UserEvent};
use crate::user::gate::{Gate, gate};
use crate::user::refusal::Refusal;
use crate::user::rights::check_reauth;
use crate::user::state::User;
use crate::{FactorKind, KeyedHash, Timestamp, TotpParams};

/// A judged attempt.
pub(super) enum Judged {
    Right(Proof),
    Wrong(Failure),
}

/// A failed attempt.
#[derive(Clone, Copy)]
pub(super) struct Failure {
    kind: FactorKind,
    reason: FailureReason,
    counted: bool,
    drift_steps: Option<i32>,
}

/// The gate once more, then the evidence. Evidence that does not fit the gate is a wrong code, never a right one.
pub(super) fn judge(
    user: &User,
    command: &Command<'_>,
    attempt: &Attempt,
    evidence: Evidence,
) -> Result<Judged, Refusal> {
    let found = gate(user, command.settings, attempt, command.now)?;
    let kind = found.kind();
    let wrong = |reason, drift_steps| Judged::Wrong(Failure { kind, reason, counted: true, drift_steps });
    Ok(match (found, evidence) {
        (Gate::Closed { reason, .. }, _) => Judged::Wrong(Failure { kind, reason, counted: false, drift_steps: None }),
        (Gate::Totp { factor, last_step, params, .. }, Evidence::Totp { step: Some(step), .. }) => {
            let drift_steps = drift_of(step, params, user.monotone(command.now));
            if last_step.is_some_and(|last| step <= last) {
                wrong(FailureReason::AlreadyUsed, Some(drift_steps))
            } else if drift_steps.unsigned_abs() > u32::from(params.skew_steps) {
                wrong(FailureReason::WrongCode, Some(drift_steps))
            } else {
                let factor = factor.unwrap_or(&command.fresh.factor).clone();
                Judged::Right(Proof::Totp { factor, step, drift_steps })
            }
        }
        (Gate::Totp { .. }, Evidence::Totp { step: None, drift_steps }) => wrong(FailureReason::WrongCode, drift_steps),
        (Gate::Code { code, .. }, Evidence::Code { matches: true }) => {
            Judged::Right(Proof::Code { method: code.method, message: code.message.clone() })
        }
        (Gate::RecoveryCode { set }, Evidence::RecoveryCode { index: Some(index) })
            if set.get(usize::from(index)).is_some_and(Option::is_some) =>
        {
            Judged::Right(Proof::RecoveryCode { index })
        }
        (Gate::Totp { .. } | Gate::Code { .. } | Gate::RecoveryCode { .. }, _) => wrong(FailureReason::WrongCode, None),
    })
}

/// The step minus the step of now. Whatever evaluated the code, the window is the factor's own and moves with the
/// user's monotone time, so neither drift nor a clock set back widens it (C4, C10).
fn drift_of(step: u64, params: TotpParams, now: Timestamp) -> i32 {
    let present = now.as_secs() / u64::from(params.period_secs.max(1));
    let distance = i32::try_from(step.abs_diff(present)).unwrap_or(i32::MAX);
    if step < present { -distance } else { distance }
}

/// The events and the answer of a failed attempt, with the lock it may lead to.
pub(super) fn rejected(
    user: &User,
    command: &Command<'_>,
    attempt: &Attempt,
    purpose: Purpose,
    failure: Failure,
) -> Decision {
    let Failure { kind, reason, counted, drift_steps } = failure;
    if !counted && user.late_recorded >= MAX_LATE_RECORDED {
        return Decision::of(Vec::new(), Outcome::Rejected { reason, kind, attempts_left: None, locked: None });
    }
    let mut events = vec![UserEvent::VerificationFailed {
        purpose,
        target: attempt.target.clone(),
        kind,
        reason,
        counted,
        drift_steps,
    }];
    let budget = user.budgets.of(kind);
    let lock = if counted { budget.lock_after_failure(user.monotone(command.now)) } else { None };
    let locked: Option<Option<Timestamp>> = lock.map(|lock| match lock {
        Lock::Until(until) => Some(until),
        Lock::Hard | Lock::Open => None,
    });
    if let Some(until) = locked {
        events.push(UserEvent::FactorLocked { kind, failures: budget.failures.saturating_add(1), until });
    }
    let attempts_left = counted.then(|| if locked.is_some() { 0 } else { budget.attempts_left().saturating_sub(1) });
    Decision::of(events, Outcome::Rejected { reason, kind, attempts_left, locked })
}

/// A code at login or in a re-authentication challenge; in a set-up challenge it also enrols (S2-09).
pub(super) fn verify(
    user: &User,
    command: &Command<'_>,
    attempt: &Attempt,
    evidence: Evidence,
    recovery: &[KeyedHash],
) -> Result<Decision, Refusal> {
    // The code of an unfinished set-up proves what is being set up, never who logs in (C9).
    if attempt.purpose == Purpose::Enrolment || matches!(attempt.target, Target::Enrolment(_)) {
        return Err(Refusal::WrongTarget);
    }
    match judge(user, command, attempt, evidence)? {
        Judged::Wrong(failure) => Ok(rejected(user, command, attempt, attempt.purpose, failure)),
        Judged::Right(proof) => {
            if proof.kind() != FactorKind::RecoveryCode
                && let Some(pending) = setup_of(user, attempt)
            {
                return enrolment::complete(user, command, pending, proof, recovery);
            }
            let event = UserEvent::VerificationSucceeded {
                purpose: attempt.purpose,
                target: attempt.target.clone(),
                proof: proof.clone(),
            };
            Ok(Decision::of(vec![event], Outcome::Verified { proof, enrolled: None, recovery_issued: false }))
        }
    }
}

fn setup_of<'a>(user: &'a User, attempt: &Attempt) -> Option<&'a crate::user::Enrolment> {
    let Target::Challenge(id) = &attempt.target else { return None };
    let setup = user.challenge(id)?.setup.as_ref()?;
    user.enrolment.as_deref().filter(|e| e.id == *setup)
}

/// The proof that a change by the user himself asks for; nothing for changes by others, whose panel answers for them.
pub fn reauth_rule(kind: &CommandKind, settings: &Settings) -> ReauthRule {
    match kind {
        CommandKind::StartEnrolment { .. } => settings.reauth.enable,
        CommandKind::Disable { .. } => settings.reauth.disable,
        CommandKind::Reset { .. } | CommandKind::ResetAuthenticator { .. } => settings.reauth.reset,
        CommandKind::RegenerateRecoveryCodes { .. } => settings.reauth.regenerate,
        CommandKind::PutProfile(_)
        | CommandKind::ResendEnrolmentCode { .. }
        | CommandKind::ConfirmEnrolment { .. }
        | CommandKind::OpenChallenge { .. }
        | CommandKind::ResendChallengeCode { .. }
        | CommandKind::Verify { .. }
        | CommandKind::DisableAtLogin { .. }
        | CommandKind::Unlock { .. }
        | CommandKind::Erase => ReauthRule::None,
    }
}

/// Runs a change after the proof it asks for. A wrong code is recorded and the change is not made (C14, C15).
pub(super) fn with_reauth(
    user: &User,
    command: &Command<'_>,
    rule: ReauthRule,
    proof: &ReauthProof,
    change: impl FnOnce() -> Result<Decision, Refusal>,
) -> Result<Decision, Refusal> {
    if command.actor != Actor::User {
        return change();
    }
    check_reauth(rule, proof, command.settings, (command.now, user.monotone(command.now)))?;
    let Some((attempt, evidence)) = proof.code.as_ref().filter(|_| rule.needs_code()) else {
        return change();
    };
    // Only a code asked for to confirm a change confirms one: not that of a login, not that of a set-up (C9).
    if attempt.purpose != Purpose::Reauth || matches!(attempt.target, Target::Enrolment(_)) {
        return Err(Refusal::WrongTarget);
    }
    match judge(user, command, attempt, *evidence)? {
        Judged::Wrong(failure) => Ok(rejected(user, command, attempt, Purpose::Reauth, failure)),
        Judged::Right(proof) => {
            let mut decision = change()?;
            let spent =
                UserEvent::VerificationSucceeded { purpose: Purpose::Reauth, target: attempt.target.clone(), proof };
            decision.events.insert(0, spent);
            Ok(decision)
        }
    }
}
