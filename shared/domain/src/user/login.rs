//! What a login page must show.

use super::rights::may_toggle;
use super::state::User;
use crate::settings::{PolicyMode, Settings, Trigger};
use crate::{Method, Timestamp};

/// Why no second factor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRequired {
    /// The tenant's policy is off.
    PolicyOff,
    /// The user has none and need not.
    NotEnabled,
}

/// What comes after the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginRequirement {
    /// Nothing.
    NotRequired(NotRequired),
    /// A code of one of these methods.
    CodeRequired(Vec<Method>),
    /// Set-up, then in.
    SetupRequired,
    /// Set-up is offered and may be skipped.
    SetupOffered {
        /// Until when it may be skipped, if that ends.
        until: Option<Timestamp>,
    },
}

/// The one place that says what a login needs.
pub fn login_requirement(user: &User, settings: &Settings, now: Timestamp) -> LoginRequirement {
    if settings.policy == PolicyMode::Off {
        return LoginRequirement::NotRequired(NotRequired::PolicyOff);
    }
    if !user.wants_2fa(settings) {
        let invited = user.use_2fa.is_none()
            && settings.enrolment.trigger.contains(&Trigger::Prompt)
            && may_toggle(user, settings);
        return if invited {
            LoginRequirement::SetupOffered { until: None }
        } else {
            LoginRequirement::NotRequired(NotRequired::NotEnabled)
        };
    }
    let active = user.active_factors(settings);
    if !active.is_empty() {
        let mut methods: Vec<Method> = active.iter().map(super::state::Factor::method).collect();
        methods.sort_unstable();
        return LoginRequirement::CodeRequired(methods);
    }
    // "Use 2FA" = YES is a demand of its own; only the tenant-wide demand has a grace period.
    match (settings.policy, user.use_2fa, grace_end(user, settings)) {
        (PolicyMode::Required, None | Some(false), Some(until)) if user.monotone(now) < until => {
            LoginRequirement::SetupOffered { until: Some(until) }
        }
        _ => LoginRequirement::SetupRequired,
    }
}

fn grace_end(user: &User, settings: &Settings) -> Option<Timestamp> {
    let by_days = settings.grace_days.map(|days| user.registered_at.plus_secs(u64::from(days) * 86_400));
    by_days.max(settings.grace_until)
}
