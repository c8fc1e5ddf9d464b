//! Reset, disable, new recovery codes, unlock.

use super::verification::with_reauth;
use super::{Decision, Outcome};
use crate::actor::Actor;
use crate::settings::{PolicyMode, RecoveryCodeFate, SelfReset, Settings, ToggleOff};
use crate::user::command::{Command, ReauthProof};
use crate::user::event::UserEvent;
use crate::user::refusal::Refusal;
use crate::user::rights::{check_helper, is_enabled, may_toggle};
use crate::user::state::User;
use crate::{ChallengeId, FactorKind, KeyedHash, Method};

pub(super) fn reset_authenticator(
    user: &User,
    command: &Command<'_>,
    reauth: &ReauthProof,
) -> Result<Decision, Refusal> {
    check_reset(user, command, reauth)?;
    if !user.factors.iter().any(|f| f.method() == Method::Totp) {
        return Err(Refusal::NotEnabled);
    }
    let recovery_revoked =
        user.recovery.is_some() && command.settings.recovery_codes.on_authenticator_reset == RecoveryCodeFate::Revoke;
    finish_reset(user, command, reauth, UserEvent::AuthenticatorReset { recovery_revoked })
}

pub(super) fn reset(user: &User, command: &Command<'_>, reauth: &ReauthProof) -> Result<Decision, Refusal> {
    check_reset(user, command, reauth)?;
    if user.factors.is_empty() && user.recovery_codes_left() == 0 {
        return Err(Refusal::NotEnabled);
    }
    // `on_authenticator_reset` is about the authenticator alone (S0-14); here everything goes, and set-up brings new codes.
    let recovery_revoked = user.recovery.is_some();
    finish_reset(user, command, reauth, UserEvent::TwoFactorReset { recovery_revoked })
}

/// Others lift the lock with the reset: the guesses were about a factor that is gone.
fn finish_reset(
    user: &User,
    command: &Command<'_>,
    reauth: &ReauthProof,
    event: UserEvent,
) -> Result<Decision, Refusal> {
    let change = || {
        let mut events = vec![event];
        // Who had a second factor only because it was set up must still have one asked for after the reset (S2-15).
        let implied = user.use_2fa.is_none() && !user.active_factors(command.settings).is_empty();
        events.extend(implied.then_some(UserEvent::Use2faSet(Some(true))));
        events.extend(lift_locks(user, command));
        Ok(Decision::of(events, Outcome::Done))
    };
    with_reauth(user, command, command.settings.reauth.reset, reauth, change)
}

fn lift_locks(user: &User, command: &Command<'_>) -> Option<UserEvent> {
    let any = user.budgets.iter().any(|(_, b)| b.failures > 0);
    (command.actor != Actor::User && any).then_some(UserEvent::FactorUnlocked { kind: None })
}

/// Who may reset (S2-14 to S2-16, S4-07).
fn check_reset(user: &User, command: &Command<'_>, reauth: &ReauthProof) -> Result<(), Refusal> {
    if command.actor != Actor::User {
        return check_helper(user, &command.actor, command.settings);
    }
    match command.settings.self_reset {
        SelfReset::Never => {
            Err(Refusal::NotPermitted("this provider lets only others reset two-factor authentication"))
        }
        SelfReset::WithVerifiedSession if !reauth.session_verified => Err(Refusal::VerifiedSessionRequired),
        SelfReset::IfMayToggle if !may_toggle(user, command.settings) => Err(Refusal::NotPermitted(
            "the user may not change two-factor authentication; an account administrator can",
        )),
        SelfReset::WithVerifiedSession | SelfReset::IfMayToggle => Ok(()),
    }
}

pub(super) fn disable(user: &User, command: &Command<'_>, reauth: &ReauthProof) -> Result<Decision, Refusal> {
    check_helper(user, &command.actor, command.settings)?;
    if command.settings.policy == PolicyMode::Required {
        return Err(Refusal::PolicyRequires);
    }
    if !is_enabled(user, command.settings) {
        return Err(Refusal::NotEnabled);
    }
    if command.actor == Actor::User && !may_toggle(user, command.settings) {
        return Err(Refusal::NotPermitted(
            "the user may not switch two-factor authentication off; an account administrator can",
        ));
    }
    let change = || {
        let mut events = vec![disabled_event(user, command.settings, None)];
        events.extend(lift_locks(user, command));
        Ok(Decision::of(events, Outcome::Done))
    };
    with_reauth(user, command, command.settings.reauth.disable, reauth, change)
}

/// Switching off, with what the tenant wants to become of factors and recovery codes.
pub(super) fn disabled_event(user: &User, settings: &Settings, challenge: Option<ChallengeId>) -> UserEvent {
    UserEvent::TwoFactorDisabled {
        erased: settings.toggle_off == ToggleOff::Erase,
        recovery_revoked: user.recovery.is_some() && settings.recovery_codes.on_disable == RecoveryCodeFate::Revoke,
        challenge,
    }
}

pub(super) fn regenerate(
    user: &User,
    command: &Command<'_>,
    reauth: &ReauthProof,
    recovery: &[KeyedHash],
) -> Result<Decision, Refusal> {
    let rules = &command.settings.recovery_codes;
    if command.actor != Actor::User {
        return Err(Refusal::NotPermitted("recovery codes are for the user's eyes only; others can reset or disable"));
    }
    if !rules.enabled {
        return Err(Refusal::NoRecoveryCodes);
    }
    if !rules.self_regenerate {
        return Err(Refusal::NotPermitted("this provider does not let users make new recovery codes"));
    }
    if !is_enabled(user, command.settings) || user.factors.is_empty() {
        return Err(Refusal::NotEnabled);
    }
    let change =
        || Ok(Decision::of(vec![UserEvent::RecoveryCodesGenerated { hashes: recovery.to_vec() }], Outcome::Done));
    with_reauth(user, command, command.settings.reauth.regenerate, reauth, change)
}

pub(super) fn unlock(user: &User, command: &Command<'_>, kind: Option<FactorKind>) -> Result<Decision, Refusal> {
    if command.actor == Actor::User {
        return Err(Refusal::NotPermitted("a user cannot lift his own lock"));
    }
    check_helper(user, &command.actor, command.settings)?;
    let at_rest =
        user.budgets.iter().filter(|(k, _)| kind.is_none_or(|wanted| wanted == *k)).all(|(_, b)| b.failures == 0);
    let events = if at_rest { Vec::new() } else { vec![UserEvent::FactorUnlocked { kind }] };
    Ok(Decision::of(events, Outcome::Done))
}

/// The user's key is about to be destroyed. Nothing can be asked of the user afterwards.
pub(super) fn erase(command: &Command<'_>) -> Result<Decision, Refusal> {
    match command.actor {
        Actor::System | Actor::Support { has_reason: true } => {
            Ok(Decision::of(vec![UserEvent::UserErased], Outcome::Done))
        }
        Actor::Support { has_reason: false } => Err(Refusal::ReasonRequired),
        Actor::User | Actor::AccountAdmin { .. } => {
            Err(Refusal::NotPermitted("only the provider erases a user's data"))
        }
    }
}
