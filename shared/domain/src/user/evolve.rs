//! The fold: total and deterministic (invariant 7). An event about something that is not there changes only the clock.

use super::budget::Lock;
use super::event::{EnrolmentDetail, IssuedCode, Proof, Purpose, Target, UserEvent};
use super::state::{Challenge, Closed, Enrolment, Factor, FactorDetail, User};
use crate::limits::{MAX_CHALLENGES, MAX_RECEIPTS};
use crate::{ChallengeId, FactorKind, Method, Timestamp};

/// Applies one event that happened at `at`.
pub fn evolve(user: &mut User, event: &UserEvent, at: Timestamp) {
    let at = user.last_at.max(at);
    user.last_at = at;
    if begins_something(event) {
        user.late_recorded = 0;
    }
    match event {
        UserEvent::Registered(profile) => {
            user.profile = Some(profile.clone());
            user.registered_at = at;
        }
        UserEvent::ProfileChanged(profile) => user.profile = Some(profile.clone()),
        UserEvent::Use2faSet(value) => user.use_2fa = *value,
        UserEvent::ToggleRightSet(value) => user.may_toggle = *value,
        UserEvent::EnrolmentStarted { enrolment, challenge, method, detail, expires_at } => {
            if let EnrolmentDetail::Code { code, .. } = detail {
                user.last_code_at.set(Purpose::Enrolment, code.issued_at);
            }
            user.enrolment = Some(Box::new(Enrolment {
                id: enrolment.clone(),
                challenge: challenge.clone(),
                method: *method,
                detail: detail.clone(),
                started_at: at,
                expires_at: *expires_at,
            }));
        }
        UserEvent::EnrolmentCodeReissued { enrolment, code } => {
            user.last_code_at.set(Purpose::Enrolment, code.issued_at);
            if let Some(pending) = user.enrolment.as_mut().filter(|e| e.id == *enrolment)
                && let EnrolmentDetail::Code { code: current, .. } = &mut pending.detail
            {
                *current = code.clone();
            }
        }
        UserEvent::EnrolmentConfirmed { enrolment, factor, step, .. } => confirm(user, enrolment, factor, *step, at),
        UserEvent::TwoFactorEnabled => user.use_2fa = Some(true),
        UserEvent::FactorReplaced { factor, .. } => user.factors.retain(|f| f.id != *factor),
        UserEvent::ChallengeOpened { challenge, purpose, method, setup, skippable, code, expires_at } => open(
            user,
            Challenge {
                id: challenge.clone(),
                purpose: *purpose,
                method: *method,
                setup: setup.clone(),
                skippable: *skippable,
                code: code.clone().map(Box::new),
                opened_at: at,
                expires_at: *expires_at,
                closed: None,
            },
        ),
        UserEvent::ChallengeCodeReissued { challenge, code } => reissue(user, challenge, code),
        UserEvent::VerificationSucceeded { purpose, target, proof } => {
            // A spent code ends the resend interval: the next login may have its own at once.
            user.last_code_at.clear(*purpose);
            succeed(user, target, proof, at);
        }
        UserEvent::VerificationFailed { kind, counted, .. } => {
            if *counted {
                let budget = user.budgets.of_mut(*kind);
                budget.failures = budget.failures.saturating_add(1);
            } else {
                user.late_recorded = user.late_recorded.saturating_add(1);
            }
        }
        UserEvent::FactorLocked { kind, until, .. } => {
            user.budgets.of_mut(*kind).lock = until.map_or(Lock::Hard, Lock::Until);
        }
        UserEvent::FactorUnlocked { kind: Some(kind) } => *user.budgets.of_mut(*kind) = super::Budget::default(),
        UserEvent::FactorUnlocked { kind: None } => user.budgets.clear_all(),
        UserEvent::RecoveryCodesGenerated { hashes } => {
            user.recovery = Some(hashes.iter().copied().map(Some).collect());
        }
        UserEvent::AuthenticatorReset { recovery_revoked } => {
            user.factors.retain(|f| f.method() != Method::Totp);
            drop_open_work(user, *recovery_revoked);
        }
        UserEvent::TwoFactorReset { recovery_revoked } => {
            user.factors.clear();
            drop_open_work(user, *recovery_revoked);
        }
        UserEvent::TwoFactorDisabled { erased, recovery_revoked, challenge } => {
            user.use_2fa = Some(false);
            if *erased {
                user.factors.clear();
            }
            close(user, challenge.as_ref(), Closed::Disabled);
            drop_open_work(user, *recovery_revoked);
        }
        UserEvent::ReceiptKept(receipt) => {
            while user.receipts.len() >= MAX_RECEIPTS {
                user.receipts.pop_front();
            }
            user.receipts.push_back(receipt.clone());
        }
        UserEvent::UserErased => {
            *user = User { erased: true, registered_at: user.registered_at, last_at: user.last_at, ..User::default() };
        }
    }
}

fn confirm(
    user: &mut User,
    enrolment: &crate::EnrolmentId,
    factor: &crate::FactorId,
    step: Option<u64>,
    at: Timestamp,
) {
    let Some(pending) = user.enrolment.take_if(|e| e.id == *enrolment) else { return };
    let detail = match pending.detail {
        EnrolmentDetail::Totp { secret, params } => FactorDetail::Totp { secret, params, last_step: step.unwrap_or(0) },
        EnrolmentDetail::Code { destination, .. } => match pending.method {
            Method::Sms => FactorDetail::Sms(destination),
            Method::Email | Method::Totp => FactorDetail::Email(destination),
        },
    };
    let confirmed = Factor { id: factor.clone(), enrolled_at: at, detail };
    // A new factor of this kind starts with a clean budget: the old guesses were about another secret.
    *user.budgets.of_mut(FactorKind::from(confirmed.method())) = super::Budget::default();
    user.factors.retain(|f| f.method() != confirmed.method());
    user.factors.push(confirmed);
    user.last_verified_at = Some(at);
    user.last_code_at.clear(Purpose::Enrolment);
    close(user, pending.challenge.as_ref(), Closed::Verified);
}

fn open(user: &mut User, challenge: Challenge) {
    if let Some(code) = &challenge.code {
        user.last_code_at.set(challenge.purpose, code.issued_at);
        supersede_codes(user, challenge.purpose, &challenge.id);
    }
    while user.challenges.len() >= MAX_CHALLENGES {
        user.challenges.pop_front();
    }
    user.challenges.push_back(challenge);
}

fn reissue(user: &mut User, id: &ChallengeId, code: &IssuedCode) {
    if let Some(challenge) = user.challenges.iter_mut().find(|c| c.id == *id) {
        challenge.code = Some(Box::new(code.clone()));
        let purpose = challenge.purpose;
        user.last_code_at.set(purpose, code.issued_at);
        supersede_codes(user, purpose, id);
    }
}

/// One outstanding code per user and purpose: any other dies with its challenge.
fn supersede_codes(user: &mut User, purpose: Purpose, but: &ChallengeId) {
    for other in user.challenges.iter_mut().filter(|c| c.purpose == purpose && c.code.is_some() && c.id != *but) {
        other.closed.get_or_insert(Closed::Superseded);
    }
}

fn succeed(user: &mut User, target: &Target, proof: &Proof, at: Timestamp) {
    *user.budgets.of_mut(proof.kind()) = super::Budget::default();
    user.last_verified_at = Some(at);
    match proof {
        Proof::Totp { factor, step, .. } => {
            for known in user.factors.iter_mut().filter(|f| f.id == *factor) {
                if let FactorDetail::Totp { last_step, .. } = &mut known.detail {
                    *last_step = (*last_step).max(*step);
                }
            }
        }
        Proof::Code { .. } => {}
        Proof::RecoveryCode { index } => {
            if let Some(slot) = user.recovery.as_mut().and_then(|set| set.get_mut(usize::from(*index))) {
                *slot = None;
            }
        }
    }
    if let Target::Challenge(id) = target {
        close(user, Some(id), Closed::Verified);
    }
}

const fn begins_something(event: &UserEvent) -> bool {
    matches!(
        event,
        UserEvent::EnrolmentStarted { .. }
            | UserEvent::EnrolmentCodeReissued { .. }
            | UserEvent::ChallengeOpened { .. }
            | UserEvent::ChallengeCodeReissued { .. }
    )
}

fn close(user: &mut User, id: Option<&ChallengeId>, how: Closed) {
    if let Some(challenge) = user.challenges.iter_mut().find(|c| Some(&c.id) == id) {
        challenge.closed.get_or_insert(how);
    }
}

fn drop_open_work(user: &mut User, recovery_revoked: bool) {
    user.enrolment = None;
    for challenge in &mut user.challenges {
        challenge.closed.get_or_insert(Closed::Superseded);
    }
    if recovery_revoked {
        user.recovery = None;
    }
}
