//! Who may do what.

use super::command::ReauthProof;
use super::refusal::Refusal;
use super::state::User;
use crate::Timestamp;
use crate::actor::{Actor, Role};
use crate::limits::CLOCK_TOLERANCE_SECS;
use crate::settings::{PolicyMode, ReauthRule, RecoveryPath, SelfReset, Settings};

/// Whether the user may switch his own second factor on and off: the nearest of user, account and tenant wins;
/// administrators always may (S2-04, S2-13).
pub fn may_toggle(user: &User, settings: &Settings) -> bool {
    let is_admin = user.profile.as_ref().is_some_and(|p| p.role == Role::Admin);
    is_admin || user.may_toggle.unwrap_or(settings.user_may_toggle)
}

/// What a profile page may offer the user himself (S2-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a row of independent answers")]
pub struct Rights {
    /// Switch on.
    pub enable: bool,
    /// Switch off.
    pub disable: bool,
    /// Reset.
    pub reset: bool,
    /// Make new recovery codes.
    pub regenerate: bool,
}

/// The rights of the user himself, before any re-authentication.
pub fn rights_of_user(user: &User, settings: &Settings) -> Rights {
    let enabled = is_enabled(user, settings);
    let toggle = may_toggle(user, settings);
    Rights {
        enable: settings.policy != PolicyMode::Off && (toggle || user.wants_2fa(settings)),
        disable: enabled && toggle && settings.policy != PolicyMode::Required,
        reset: !user.factors.is_empty()
            && match settings.self_reset {
                SelfReset::Never => false,
                SelfReset::WithVerifiedSession => true,
                SelfReset::IfMayToggle => toggle,
            },
        regenerate: enabled
            && !user.factors.is_empty()
            && settings.recovery_codes.enabled
            && settings.recovery_codes.self_regenerate,
    }
}

/// Whether the second factor is on: wanted, or set up.
pub(super) fn is_enabled(user: &User, settings: &Settings) -> bool {
    user.use_2fa == Some(true) || !user.active_factors(settings).is_empty()
}

/// Administrators and support act on others: same account, an open path, a reason from support.
pub(super) fn check_helper(user: &User, actor: &Actor, settings: &Settings) -> Result<(), Refusal> {
    match actor {
        Actor::User | Actor::System => Ok(()),
        Actor::AccountAdmin { role, account } => {
            let of_user = user.profile.as_ref().and_then(|p| p.account.as_ref()).map(|a| &a.id);
            if *role != Role::Admin || account.is_none() || account.as_ref() != of_user {
                return Err(Refusal::NotAccountAdmin);
            }
            path_open(settings, RecoveryPath::AccountAdmin)
        }
        Actor::Support { has_reason } => {
            if !has_reason {
                return Err(Refusal::ReasonRequired);
            }
            path_open(settings, RecoveryPath::Support)
        }
    }
}

fn path_open(settings: &Settings, path: RecoveryPath) -> Result<(), Refusal> {
    if settings.recovery.paths.contains(&path) { Ok(()) } else { Err(Refusal::PathClosed(path)) }
}

/// The part of a re-authentication that is not a code. Only the user himself is asked (C14).
pub(super) fn check_reauth(
    rule: ReauthRule,
    proof: &ReauthProof,
    settings: &Settings,
    (clock, monotone): (Timestamp, Timestamp),
) -> Result<(), Refusal> {
    match rule {
        ReauthRule::None => Ok(()),
        ReauthRule::Confirm => {
            let more_than_confirmed = proof.confirmed || proof.password_at.is_some() || proof.code.is_some();
            if more_than_confirmed { Ok(()) } else { Err(Refusal::ReauthRequired(rule)) }
        }
        ReauthRule::Password | ReauthRule::Code | ReauthRule::PasswordAndCode => {
            if rule.needs_password() {
                let at = proof.password_at.ok_or(Refusal::ReauthRequired(rule))?;
                // A clock set back makes no old check fresh again (C10).
                let too_old = at.plus_secs(u64::from(settings.reauth.max_age_secs)) < monotone;
                let in_future = at > clock.plus_secs(CLOCK_TOLERANCE_SECS);
                if too_old || in_future {
                    return Err(Refusal::PasswordCheckStale);
                }
            }
            if rule.needs_code() && proof.code.is_none() {
                return Err(Refusal::ReauthRequired(rule));
            }
            Ok(())
        }
    }
}
