//! Set-up of a factor.

use super::code::{choose_destination, issue};
use super::verification::{Judged, judge, rejected, with_reauth};
use super::{Decision, DeliveryRequest, Outcome};
use crate::actor::Actor;
use crate::settings::{MethodSwitch, PolicyMode, Settings, Trigger};
use crate::user::command::{Attempt, Command, Evidence, ReauthProof};
use crate::user::event::{Destination, EnrolmentDetail, Proof, Purpose, Target, UserEvent};
use crate::user::refusal::Refusal;
use crate::user::rights::may_toggle;
use crate::user::state::{Enrolment, Factor, User};
use crate::{ChallengeId, EnrolmentId, FactorKind, KeyedHash, Method, Sealed};

/// From the profile page, by the user himself.
pub(super) fn start(
    user: &User,
    command: &Command<'_>,
    method: Method,
    secret: &Sealed,
    entered: Option<&Destination>,
    reauth: &ReauthProof,
) -> Result<Decision, Refusal> {
    let settings = command.settings;
    if command.actor != Actor::User {
        return Err(Refusal::NotPermitted("only the user himself sets up a factor: the secret is for his eyes only"));
    }
    check_policy(user, settings)?;
    if !settings.enrolment.trigger.contains(&Trigger::Profile) && user.active_factors(settings).is_empty() {
        return Err(Refusal::EnrolAtLogin);
    }
    check_method(user, settings, method)?;
    let begin = || {
        let (event, delivery) = begin(user, command, method, secret, entered, None)?;
        Ok(Decision {
            events: vec![event],
            deliveries: delivery.into_iter().collect(),
            outcome: Outcome::EnrolmentStarted,
        })
    };
    with_reauth(user, command, settings.reauth.enable, reauth, begin)
}

/// Off means off; without the toggle right nobody enables what is not asked of him (S2-04).
fn check_policy(user: &User, settings: &Settings) -> Result<(), Refusal> {
    if settings.policy == PolicyMode::Off {
        return Err(Refusal::PolicyOff);
    }
    if !user.wants_2fa(settings) && !may_toggle(user, settings) {
        return Err(Refusal::NotPermitted(
            "the user may not switch two-factor authentication on; an account administrator can",
        ));
    }
    Ok(())
}

/// Allowed, and room for it or a way to make room (S4-02, S3-09).
pub(super) fn check_method(user: &User, settings: &Settings, method: Method) -> Result<(), Refusal> {
    if !settings.methods.allowed.contains(&method) {
        return Err(Refusal::MethodNotAllowed(method));
    }
    if settings.methods.switch == MethodSwitch::ReplaceAtomically {
        return Ok(());
    }
    let active = user.active_factors(settings);
    let room = active.len() < usize::from(settings.methods.max_active);
    match (active.iter().any(|f| f.method() == method), room) {
        (false, true) => Ok(()),
        (true, true) => Err(Refusal::AlreadyEnrolled),
        (_, false) if settings.methods.max_active == 1 => Err(Refusal::DisableFirst),
        (_, false) => Err(Refusal::TooManyFactors),
    }
}

/// The event that begins a set-up, and the message that carries its code.
pub(super) fn begin(
    user: &User,
    command: &Command<'_>,
    method: Method,
    secret: &Sealed,
    entered: Option<&Destination>,
    challenge: Option<&ChallengeId>,
) -> Result<(UserEvent, Option<DeliveryRequest>), Refusal> {
    let now = user.monotone(command.now);
    let id = command.fresh.enrolment.clone();
    let ttl = u64::from(command.settings.enrolment.ttl_secs);
    let (detail, delivery) = match method.channel() {
        None => (EnrolmentDetail::Totp { secret: secret.clone(), params: command.settings.totp.params() }, None),
        Some(channel) => {
            let destination = choose_destination(user, command, method, entered)?;
            let resolved = user.resolve(method, &destination).ok_or(Refusal::DestinationNotRegistered(method))?;
            let (code, delivery) = issue(user, command, (method, channel), resolved, Purpose::Enrolment, id.as_str())?;
            (EnrolmentDetail::Code { destination, code }, Some(delivery))
        }
    };
    let event = UserEvent::EnrolmentStarted {
        enrolment: id,
        challenge: challenge.cloned(),
        method,
        detail,
        expires_at: now.plus_secs(ttl),
    };
    Ok((event, delivery))
}

/// Sends a new code; the old one is dead.
pub(super) fn resend(user: &User, command: &Command<'_>, id: &EnrolmentId) -> Result<Decision, Refusal> {
    let pending = open(user, id)?;
    if user.monotone(command.now) >= pending.expires_at {
        return Err(Refusal::Expired);
    }
    let (EnrolmentDetail::Code { destination, .. }, Some(channel)) = (&pending.detail, pending.method.channel()) else {
        return Err(Refusal::WrongTarget);
    };
    let resolved =
        user.resolve(pending.method, destination).ok_or(Refusal::DestinationNotRegistered(pending.method))?;
    let (code, delivery) = issue(user, command, (pending.method, channel), resolved, Purpose::Enrolment, id.as_str())?;
    let event = UserEvent::EnrolmentCodeReissued { enrolment: id.clone(), code };
    Ok(Decision { events: vec![event], deliveries: vec![delivery], outcome: Outcome::CodeResent })
}

fn open<'a>(user: &'a User, id: &EnrolmentId) -> Result<&'a Enrolment, Refusal> {
    user.enrolment.as_deref().filter(|e| e.id == *id).ok_or(Refusal::EnrolmentNotFound)
}

/// From the profile page: the code proves the new factor.
pub(super) fn confirm(
    user: &User,
    command: &Command<'_>,
    id: &EnrolmentId,
    evidence: Evidence,
    recovery: &[KeyedHash],
) -> Result<Decision, Refusal> {
    let pending = open(user, id)?;
    let attempt = Attempt { target: Target::Enrolment(id.clone()), purpose: Purpose::Enrolment, kind: None };
    match judge(user, command, &attempt, evidence)? {
        Judged::Right(proof) => complete(user, command, pending, proof, recovery),
        Judged::Wrong(failure) => Ok(rejected(user, command, &attempt, Purpose::Enrolment, failure)),
    }
}

/// The events of a proved factor: what it replaces, itself, 2FA on, recovery codes when none are alive (S0-06, S0-14).
pub(super) fn complete(
    user: &User,
    command: &Command<'_>,
    pending: &Enrolment,
    proof: Proof,
    recovery: &[KeyedHash],
) -> Result<Decision, Refusal> {
    let settings = command.settings;
    check_policy(user, settings)?;
    check_method(user, settings, pending.method)?;
    let mut events: Vec<UserEvent> = replaced(user, settings, pending.method)
        .into_iter()
        .map(|f| UserEvent::FactorReplaced { factor: f.id.clone(), method: f.method() })
        .collect();
    let (step, message) = match &proof {
        Proof::Totp { step, .. } => (Some(*step), None),
        Proof::Code { message, .. } => (None, Some(message.clone())),
        Proof::RecoveryCode { .. } => (None, None),
    };
    events.push(UserEvent::EnrolmentConfirmed {
        enrolment: pending.id.clone(),
        factor: command.fresh.factor.clone(),
        method: pending.method,
        step,
        message,
    });
    if user.use_2fa != Some(true) || user.active_factors(settings).is_empty() {
        events.push(UserEvent::TwoFactorEnabled);
    }
    let recovery_issued = settings.recovery_codes.enabled && user.recovery_codes_left() == 0 && !recovery.is_empty();
    if recovery_issued {
        events.push(UserEvent::RecoveryCodesGenerated { hashes: recovery.to_vec() });
    }
    debug_assert_ne!(proof.kind(), FactorKind::RecoveryCode, "a recovery code proves no new factor");
    Ok(Decision::of(events, Outcome::Verified { proof, enrolled: Some(pending.method), recovery_issued }))
}

/// The old factor of the same method, and the longest-enrolled others as far as there is no room for them beside the
/// new one. Sleeping factors go as well: a new set-up starts from what is active.
fn replaced<'a>(user: &'a User, settings: &Settings, method: Method) -> Vec<&'a Factor> {
    let asleep = user.active_factors(settings).is_empty();
    let (same, others): (Vec<&Factor>, Vec<&Factor>) = user.factors.iter().partition(|f| f.method() == method);
    let room = if asleep { 0 } else { usize::from(settings.methods.max_active).saturating_sub(1) };
    let surplus = others.len().saturating_sub(room);
    same.into_iter().chain(others.into_iter().take(surplus)).collect()
}
