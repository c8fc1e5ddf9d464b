//! Opening a challenge: what the login page must show.

use super::change::disabled_event;
use super::code::issue;
use super::enrolment::begin;
use super::{ChallengeAnswer, Decision, Outcome};
use crate::settings::{DestinationSource, DisableWhenUnconfigured, PolicyMode, Settings};
use crate::user::command::Command;
use crate::user::event::{Destination, EnrolmentDetail, Purpose, UserEvent};
use crate::user::gate::ensure_unlocked;
use crate::user::login::{LoginRequirement, login_requirement};
use crate::user::refusal::Refusal;
use crate::user::rights::may_toggle;
use crate::user::state::{Challenge, FactorDetail, User};
use crate::{ChallengeId, FactorKind, Method, Sealed};

pub(super) fn open(
    user: &User,
    command: &Command<'_>,
    purpose: Purpose,
    method: Option<Method>,
    secret: &Sealed,
    entered: Option<&Destination>,
) -> Result<Decision, Refusal> {
    if purpose == Purpose::Enrolment {
        return Err(Refusal::WrongTarget);
    }
    let requirement = login_requirement(user, command.settings, command.now);
    match (&requirement, purpose) {
        (LoginRequirement::CodeRequired(methods), _) => {
            let chosen = match method {
                None => methods.first().copied(),
                Some(wanted) => Some(wanted).filter(|m| methods.contains(m)),
            };
            ask_for_code(user, command, purpose, chosen.ok_or(Refusal::NotEnrolled)?, &requirement)
        }
        (_, Purpose::Reauth | Purpose::Enrolment) => Err(Refusal::NotEnrolled),
        (LoginRequirement::NotRequired(_), Purpose::Login) => Ok(answer_only(requirement)),
        (LoginRequirement::SetupOffered { .. }, Purpose::Login) if method.is_none() => Ok(answer_only(requirement)),
        (LoginRequirement::SetupOffered { .. } | LoginRequirement::SetupRequired, Purpose::Login) => {
            ask_for_setup(user, command, method, secret, entered, requirement)
        }
    }
}

fn answer_only(requirement: LoginRequirement) -> Decision {
    Decision::of(
        Vec::new(),
        Outcome::Challenge(ChallengeAnswer { requirement, challenge: None, method: None, setup: false }),
    )
}

fn ask_for_code(
    user: &User,
    command: &Command<'_>,
    purpose: Purpose,
    method: Method,
    requirement: &LoginRequirement,
) -> Result<Decision, Refusal> {
    let settings = command.settings;
    let now = user.monotone(command.now);
    let answer = |id: &ChallengeId| {
        Outcome::Challenge(ChallengeAnswer {
            requirement: requirement.clone(),
            challenge: Some(id.clone()),
            method: Some(method),
            setup: false,
        })
    };
    // A reloaded page inside the resend interval gets the challenge whose code is on its way already.
    if let Some(current) = waiting(user, purpose, method, settings, now) {
        return Ok(Decision::of(Vec::new(), answer(&current.id)));
    }
    let id = &command.fresh.challenge;
    let factor = user.active_factor(method, settings).ok_or(Refusal::NotEnrolled)?;
    let locked = user.budgets.of(FactorKind::from(method)).lock.holds_at(now);
    let (code, delivery) = match (&factor.detail, method.channel()) {
        // A locked factor gets no message; a recovery code can still be tried in this challenge (C25).
        (FactorDetail::Email(destination) | FactorDetail::Sms(destination), Some(channel)) if !locked => {
            let resolved = user.resolve(method, destination).ok_or(Refusal::DestinationNotRegistered(method))?;
            let (code, delivery) = issue(user, command, (method, channel), resolved, purpose, id.as_str())?;
            (Some(code), Some(delivery))
        }
        _ => (None, None),
    };
    let event = UserEvent::ChallengeOpened {
        challenge: id.clone(),
        purpose,
        method: Some(method),
        setup: None,
        skippable: false,
        code,
        expires_at: now.plus_secs(u64::from(settings.login.challenge_ttl_secs)),
    };
    Ok(Decision { events: vec![event], deliveries: delivery.into_iter().collect(), outcome: answer(id) })
}

fn waiting<'a>(
    user: &'a User,
    purpose: Purpose,
    method: Method,
    settings: &Settings,
    now: crate::Timestamp,
) -> Option<&'a Challenge> {
    user.challenges.iter().rev().find(|c| {
        let fresh = c
            .code
            .as_ref()
            .is_some_and(|code| now < code.issued_at.plus_secs(u64::from(settings.codes.resend_after_secs)));
        fresh && c.purpose == purpose && c.method == Some(method) && c.closed.is_none() && now < c.expires_at
    })
}

fn ask_for_setup(
    user: &User,
    command: &Command<'_>,
    method: Option<Method>,
    secret: &Sealed,
    entered: Option<&Destination>,
    requirement: LoginRequirement,
) -> Result<Decision, Refusal> {
    let settings = command.settings;
    let id = &command.fresh.challenge;
    let chosen = match method {
        Some(wanted) if !settings.methods.allowed.contains(&wanted) => return Err(Refusal::MethodNotAllowed(wanted)),
        Some(wanted) => Some(wanted),
        None => only_method(settings),
    };
    if let Some(current) = chosen.and_then(|method| waiting_setup(user, command, method, entered)) {
        let answer = ChallengeAnswer { requirement, challenge: Some(current.clone()), method: chosen, setup: true };
        return Ok(Decision::of(Vec::new(), Outcome::Challenge(answer)));
    }
    let mut events = Vec::with_capacity(2);
    let mut deliveries = Vec::new();
    if let Some(chosen) = chosen {
        let (event, delivery) = begin(user, command, chosen, secret, entered, Some(id))?;
        events.push(event);
        deliveries.extend(delivery);
    }
    events.push(UserEvent::ChallengeOpened {
        challenge: id.clone(),
        purpose: Purpose::Login,
        method: None,
        setup: chosen.map(|_| command.fresh.enrolment.clone()),
        skippable: matches!(requirement, LoginRequirement::SetupOffered { .. }),
        code: None,
        expires_at: user.monotone(command.now).plus_secs(u64::from(settings.login.challenge_ttl_secs)),
    });
    let answer = ChallengeAnswer { requirement, challenge: Some(id.clone()), method: chosen, setup: chosen.is_some() };
    Ok(Decision { events, deliveries, outcome: Outcome::Challenge(answer) })
}

/// A reloaded set-up page inside the resend interval gets the challenge whose code is on its way already.
fn waiting_setup<'a>(
    user: &'a User,
    command: &Command<'_>,
    method: Method,
    entered: Option<&Destination>,
) -> Option<&'a ChallengeId> {
    let now = user.monotone(command.now);
    let pending = user.enrolment.as_ref().filter(|e| e.method == method && now < e.expires_at)?;
    let EnrolmentDetail::Code { code, .. } = &pending.detail else { return None };
    let challenge = user.challenge(pending.challenge.as_ref()?)?;
    let wanted = entered.or_else(|| user.registered(method))?;
    let fresh = now < code.issued_at.plus_secs(u64::from(command.settings.codes.resend_after_secs));
    let open = challenge.closed.is_none() && now < challenge.expires_at;
    (fresh && open && wanted.fingerprint == code.destination).then_some(&challenge.id)
}

/// With one method that needs nothing from the user, set-up begins at once (S2-07); otherwise the user chooses first.
fn only_method(settings: &Settings) -> Option<Method> {
    let mut allowed = settings.methods.allowed.iter();
    match (allowed.next(), allowed.next()) {
        (Some(Method::Totp), None) => Some(Method::Totp),
        (Some(only), None) if settings.destination.source == DestinationSource::Registered => Some(*only),
        _ => None,
    }
}

/// Sends a new code; the old one is dead.
pub(super) fn resend(user: &User, command: &Command<'_>, id: &ChallengeId) -> Result<Decision, Refusal> {
    let challenge = user.challenge(id).ok_or(Refusal::ChallengeNotFound)?;
    still_open(user, command, challenge)?;
    let method = challenge.method.ok_or(Refusal::WrongTarget)?;
    let channel = method.channel().ok_or(Refusal::WrongTarget)?;
    ensure_unlocked(user, FactorKind::from(method), user.monotone(command.now))?;
    let factor = user.active_factor(method, command.settings).ok_or(Refusal::NotEnrolled)?;
    let (FactorDetail::Email(destination) | FactorDetail::Sms(destination)) = &factor.detail else {
        return Err(Refusal::WrongTarget);
    };
    let resolved = user.resolve(method, destination).ok_or(Refusal::DestinationNotRegistered(method))?;
    let (code, delivery) = issue(user, command, (method, channel), resolved, challenge.purpose, id.as_str())?;
    let event = UserEvent::ChallengeCodeReissued { challenge: id.clone(), code };
    Ok(Decision { events: vec![event], deliveries: vec![delivery], outcome: Outcome::CodeResent })
}

fn still_open(user: &User, command: &Command<'_>, challenge: &Challenge) -> Result<(), Refusal> {
    if challenge.closed.is_some() {
        return Err(Refusal::AlreadyClosed);
    }
    if user.monotone(command.now) >= challenge.expires_at {
        return Err(Refusal::Expired);
    }
    Ok(())
}

/// Whether "Disable 2FA" may stand on the set-up page of this login (S2-10, S2-13).
pub fn may_disable_at_login(user: &User, settings: &Settings) -> bool {
    let by_setting = match settings.login.disable_when_unconfigured {
        DisableWhenUnconfigured::Never => false,
        DisableWhenUnconfigured::IfMayToggle => may_toggle(user, settings),
        DisableWhenUnconfigured::Always => true,
    };
    by_setting && settings.policy != PolicyMode::Required && user.active_factors(settings).is_empty()
}

/// "Disable 2FA" turns it off and completes the login (S2-13).
pub(super) fn disable(user: &User, command: &Command<'_>, id: &ChallengeId) -> Result<Decision, Refusal> {
    let challenge = user.challenge(id).filter(|c| c.purpose == Purpose::Login).ok_or(Refusal::ChallengeNotFound)?;
    still_open(user, command, challenge)?;
    if challenge.method.is_some() || !user.active_factors(command.settings).is_empty() {
        return Err(Refusal::NotPermitted(
            "two-factor authentication is configured; it cannot be disabled from the login page",
        ));
    }
    if command.settings.policy == PolicyMode::Required {
        return Err(Refusal::PolicyRequires);
    }
    if !may_disable_at_login(user, command.settings) {
        return Err(Refusal::NotPermitted(
            "the user may not switch two-factor authentication off; an account administrator can",
        ));
    }
    Ok(Decision::of(vec![disabled_event(user, command.settings, Some(id.clone()))], Outcome::Done))
}
