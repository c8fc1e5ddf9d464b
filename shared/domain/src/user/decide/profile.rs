//! What the panel tells of a user.

use super::change::disabled_event;
use super::{Decision, Outcome};
use crate::Method;
use crate::actor::Actor;
use crate::settings::PolicyMode;
use crate::user::command::{Command, Patch, ProfilePatch};
use crate::user::event::{Destination, DestinationRef, Profile, UserEvent};
use crate::user::refusal::Refusal;
use crate::user::rights::{check_helper, is_enabled, may_toggle};
use crate::user::state::{FactorDetail, User};

pub(super) fn put(user: &User, command: &Command<'_>, patch: &ProfilePatch) -> Result<Decision, Refusal> {
    check_actor(user, command, patch)?;
    let mut events = Vec::new();
    let next = merged(user.profile.as_ref(), patch);
    match &user.profile {
        None => events.push(UserEvent::Registered(next)),
        Some(current) if *current != next && changes_anything(current, &next) => {
            events.push(UserEvent::ProfileChanged(next));
        }
        Some(_) => {}
    }
    let toggle = patch.may_toggle.apply(user.may_toggle);
    if toggle != user.may_toggle {
        events.push(UserEvent::ToggleRightSet(toggle));
    }
    set_use_2fa(user, command, patch, &mut events)?;
    Ok(Decision::of(events, Outcome::Done))
}

/// Sealing the same text twice gives different bytes, so addresses are compared by fingerprint and accounts by id.
fn changes_anything(current: &Profile, next: &Profile) -> bool {
    let print = |d: &Option<crate::user::Destination>| d.as_ref().map(|d| d.fingerprint);
    let account = |p: &Profile| p.account.as_ref().map(|a| a.id.clone());
    current.role != next.role
        || current.locale != next.locale
        || print(&current.email) != print(&next.email)
        || print(&current.phone) != print(&next.phone)
        || account(current) != account(next)
}

fn merged(current: Option<&Profile>, patch: &ProfilePatch) -> Profile {
    Profile {
        // Live and test users are separate users; none turns into the other.
        mode: current.map_or(patch.mode, |p| p.mode),
        panel_id: current.map_or_else(|| patch.panel_id.clone(), |p| p.panel_id.clone()),
        account: patch.account.apply(current.and_then(|p| p.account.clone())),
        role: patch.role.or_else(|| current.map(|p| p.role)).unwrap_or_default(),
        email: patch.email.apply(current.and_then(|p| p.email.clone())),
        phone: patch.phone.apply(current.and_then(|p| p.phone.clone())),
        locale: patch.locale.apply(current.and_then(|p| p.locale.clone())),
    }
}

/// Rights are the panel's, an administrator's or support's to give, not the user's own (S2-02, S2-04).
fn check_actor(user: &User, command: &Command<'_>, patch: &ProfilePatch) -> Result<(), Refusal> {
    match &command.actor {
        Actor::System => Ok(()),
        Actor::User => check_user(user, command, patch),
        Actor::AccountAdmin { .. } if patch.account != Patch::Keep => {
            Err(Refusal::NotPermitted("an account administrator cannot move a user to another account"))
        }
        Actor::AccountAdmin { .. } | Actor::Support { .. } => check_helper(user, &command.actor, command.settings),
    }
}

/// The user himself may ask for 2FA at his next login, if he may toggle it (S2-05). That weakens nothing, so no proof
/// is asked for; switching it off is the disable command's, which asks for one.
fn check_user(user: &User, command: &Command<'_>, patch: &ProfilePatch) -> Result<(), Refusal> {
    let switches_on = patch.use_2fa == Patch::Set(true) && may_toggle(user, command.settings);
    if patch.may_toggle != Patch::Keep
        || patch.role.is_some()
        || patch.account != Patch::Keep
        || !(patch.use_2fa == Patch::Keep || switches_on)
    {
        return Err(Refusal::NotPermitted(
            "a user cannot change account, role or may_toggle, nor use_2fa without the right; use the disable route to switch off",
        ));
    }
    let redirects =
        redirects_codes(user, Method::Email, &patch.email) || redirects_codes(user, Method::Sms, &patch.phone);
    if redirects {
        return Err(Refusal::NotPermitted(
            "codes go to the registered address or number; the panel changes it as actor system, after its own check",
        ));
    }
    Ok(())
}

/// Whether a factor's codes would go somewhere else, which needs more proof than a profile change carries (C14).
fn redirects_codes(user: &User, method: Method, patch: &Patch<Destination>) -> bool {
    let of_registered = user.factors.iter().any(|f| {
        f.method() == method
            && matches!(
                f.detail,
                FactorDetail::Email(DestinationRef::Registered) | FactorDetail::Sms(DestinationRef::Registered)
            )
    });
    let current = user.registered(method);
    let next = patch.apply(current.cloned());
    of_registered && current.map(|d| d.fingerprint) != next.map(|d| d.fingerprint)
}

fn set_use_2fa(
    user: &User,
    command: &Command<'_>,
    patch: &ProfilePatch,
    events: &mut Vec<UserEvent>,
) -> Result<(), Refusal> {
    let wanted = patch.use_2fa.apply(user.use_2fa);
    if wanted == user.use_2fa {
        return Ok(());
    }
    match wanted {
        Some(true) if command.settings.policy == PolicyMode::Off => return Err(Refusal::PolicyOff),
        Some(false) if command.settings.policy == PolicyMode::Required => return Err(Refusal::PolicyRequires),
        Some(false) if is_enabled(user, command.settings) => events.push(disabled_event(user, command.settings, None)),
        Some(true | false) | None => events.push(UserEvent::Use2faSet(wanted)),
    }
    Ok(())
}
