//! What the rules refuse, as problems: every refusal has its code and says what to do.

use axum::http::StatusCode;
use twofold_domain::sending::WithheldReason;
use twofold_domain::user::Refusal;
use twofold_domain::{Method, Timestamp};

use super::problem::{FieldProblem, Problem};

pub(super) fn tenant_refused(refusal: &twofold_domain::tenant::TenantRefusal) -> Problem {
    use twofold_domain::settings::SettingsError;
    use twofold_domain::tenant::TenantRefusal;
    match refusal {
        TenantRefusal::NotFound => Problem::not_found("tenant_not_found", "no such tenant"),
        TenantRefusal::KeyNotFound => Problem::not_found("api_key_not_found", "no such API key"),
        TenantRefusal::Exists => Problem::conflict("tenant_exists", "The tenant exists", refusal.to_string()),
        TenantRefusal::TooManyKeys => Problem::conflict("too_many_api_keys", "Too many API keys", refusal.to_string()),
        TenantRefusal::BadName => Problem::invalid("name", refusal.to_string()),
        TenantRefusal::BadLabel => Problem::invalid("label", refusal.to_string()),
        TenantRefusal::BadScopes => Problem::invalid("scopes", refusal.to_string()),
        TenantRefusal::BadProvider => Problem::invalid("provider", refusal.to_string()),
        TenantRefusal::BadPrefix => Problem::invalid("prefix", refusal.to_string()),
        TenantRefusal::BadReason => Problem::invalid("reason", refusal.to_string()),
        TenantRefusal::TooMuchSteering => {
            Problem::conflict("too_much_steering", "Too much is paused or stopped", refusal.to_string())
        }
        TenantRefusal::TooManyTests { at } => {
            let detail = format!("{refusal}; the next one is possible from {} on", at.to_rfc3339());
            let mut made = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tests", "Too many tests", detail);
            made.retry_after = Some(TEST_HINT_SECS);
            made
        }
        TenantRefusal::Settings(error) => {
            let mut made = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_settings",
                "Settings are not usable",
                error.to_string(),
            );
            if let SettingsError::Fields(fields) = error {
                made.errors = fields
                    .iter()
                    .map(|f| FieldProblem { field: f.field.clone(), problem: f.problem.clone() })
                    .collect();
            }
            made
        }
    }
}

/// 429: the message is not sent, for the sake of money or of somebody's peace.
pub(super) fn withheld(reason: WithheldReason, retry_after_secs: Option<u64>) -> Problem {
    let mut made =
        Problem::new(StatusCode::TOO_MANY_REQUESTS, reason.name(), "The message is not sent", reason.advice());
    made.retry_after = retry_after_secs;
    made
}

#[expect(clippy::too_many_lines, reason = "a flat table: one entry for each refusal")]
pub(super) fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::UserNotFound => {
            Problem::not_found("user_not_found", "no such user; tell of him first with PUT /v1/users/{user}")
        }
        Refusal::UserErased => Problem::not_found("user_erased", "the data of this user was erased"),
        Refusal::EnrolmentNotFound => Problem::not_found(
            "enrolment_not_found",
            "no such unfinished enrolment, or a newer one took its place; start again",
        ),
        Refusal::ChallengeNotFound => Problem::not_found("challenge_not_found", "no such challenge; open a new one"),
        Refusal::Expired => attempt_over("expired", "Expired", "its time is over; start again"),
        Refusal::AlreadyClosed => {
            attempt_over("already_used", "Already completed", "this challenge was completed already; open a new one")
        }
        Refusal::WrongTarget => Problem::conflict(
            "wrong_target",
            "Wrong target",
            "a code of this kind cannot be tried or sent here; e-mail and SMS codes belong to a challenge",
        ),
        Refusal::Locked { kind, until } => locked(*kind, *until),
        Refusal::NotEnrolled => {
            Problem::conflict("setup_required", "Not set up", "the user has no such active factor; set it up first")
                .for_attempt()
        }
        Refusal::NoRecoveryCodes => Problem::conflict(
            "no_recovery_codes",
            "No recovery codes",
            "recovery codes are off for this tenant or used up",
        )
        .for_attempt(),
        Refusal::NotPermitted(why) => Problem::forbidden("not_permitted", *why),
        Refusal::NotAccountAdmin => {
            Problem::forbidden("not_account_admin", "the actor is no administrator of the user's account")
        }
        Refusal::PathClosed(_) => {
            Problem::forbidden("recovery_path_closed", "the tenant's recovery.paths do not allow this actor to help")
        }
        Refusal::ReasonRequired => Problem::invalid("reason", "support must say why"),
        Refusal::ReauthRequired(rule) => Problem::forbidden(
            "reauthentication_required",
            format!("the user must prove more first; this action asks for {}", rule_name(*rule)),
        ),
        Refusal::VerifiedSessionRequired => Problem::forbidden(
            "verified_session_required",
            "only a session that passed the second factor may do this; send reauth.session_verified = true if it did",
        ),
        Refusal::PasswordCheckStale => Problem::forbidden(
            "password_check_stale",
            "reauth.password_verified_at is too old or in the future; ask for the password again",
        ),
        Refusal::PolicyOff => Problem::conflict(
            "policy_off",
            "Switched off",
            "the tenant's policy switches two-factor authentication off",
        ),
        Refusal::PolicyRequires => Problem::conflict(
            "policy_required",
            "Required",
            "the tenant's policy demands two-factor authentication; it can be reset but not disabled",
        ),
        Refusal::EnrolAtLogin => Problem::conflict(
            "enrol_at_login",
            "Set up at login",
            "this tenant sets two-factor authentication up at the next login; open a challenge",
        ),
        Refusal::MethodNotAllowed(_) => Problem::invalid("method", "the tenant's methods.allowed do not include it"),
        Refusal::DisableFirst => Problem::conflict(
            "disable_first",
            "Disable first",
            "to change the method, disable two-factor authentication first, then set up the new one",
        ),
        Refusal::TooManyFactors => {
            Problem::conflict("too_many_factors", "Too many factors", "as many factors as the tenant allows are active")
        }
        Refusal::AlreadyEnrolled => Problem::conflict(
            "already_enrolled",
            "Already set up",
            "this method is active already; reset or disable it first",
        ),
        Refusal::ChannelNotConfigured(channel) => Problem::conflict(
            "channel_not_configured",
            "Cannot be sent",
            format!(
                "no {} channel is configured for this tenant; set one with PUT /v1/channels/{}",
                channel.name(),
                channel.name()
            ),
        ),
        Refusal::DestinationNotRegistered(method) => Problem::conflict(
            "destination_not_registered",
            "No destination",
            format!(
                "the user has no registered {}; send it with PUT /v1/users/{{user}} first",
                destination_name(*method)
            ),
        ),
        Refusal::DestinationRequired(method) => Problem::invalid(
            "destination",
            format!("this tenant lets the user enter the {}", destination_name(*method)),
        ),
        Refusal::DestinationNotAllowed(method) => Problem::invalid(
            "destination",
            format!("this tenant sends to the registered {} only; leave it out", destination_name(*method)),
        ),
        Refusal::ResendTooSoon { at } => {
            let mut made = Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "resend_too_soon",
                "Too soon",
                format!("another code can be sent from {} on", at.to_rfc3339()),
            );
            made.locked_until = None;
            made.retry_after = Some(RESEND_HINT_SECS);
            made
        }
        Refusal::NotEnabled => Problem::conflict(
            "not_enabled",
            "Not switched on",
            "two-factor authentication is not on for this user; there is nothing to change",
        ),
    }
}

/// Seconds named in `Retry-After` when the exact rest is in the text.
const RESEND_HINT_SECS: u64 = 30;

/// Seconds named in `Retry-After` when ten test messages were sent within the hour.
const TEST_HINT_SECS: u64 = 360;

fn attempt_over(code: &str, title: &str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, title, detail).for_attempt()
}

fn locked(kind: twofold_domain::FactorKind, until: Option<Timestamp>) -> Problem {
    let detail = match until {
        Some(until) => format!(
            "too many wrong codes: {} is locked until {}; nothing was evaluated",
            kind.name(),
            until.to_rfc3339()
        ),
        None => {
            format!("too many wrong codes: {} stays locked until an administrator or support unlocks it", kind.name())
        }
    };
    let mut made = Problem::new(StatusCode::TOO_MANY_REQUESTS, "locked", "Locked", detail).for_attempt();
    made.locked_until = until.map(Timestamp::to_rfc3339);
    made
}

impl Problem {
    /// Fills in the exact rest of a wait, now that the time is known.
    pub fn at(mut self, now: Timestamp, refusal: Option<&Refusal>) -> Self {
        let rest = match refusal {
            Some(Refusal::Locked { until: Some(until), .. }) => Some(now.secs_until(*until).max(1)),
            Some(Refusal::ResendTooSoon { at }) => Some(now.secs_until(*at).max(1)),
            Some(_) | None => None,
        };
        if rest.is_some() {
            self.retry_after = rest;
        }
        self
    }
}

const fn destination_name(method: Method) -> &'static str {
    match method {
        Method::Totp => "authenticator app",
        Method::Email => "e-mail address",
        Method::Sms => "mobile number",
    }
}

const fn rule_name(rule: twofold_domain::settings::ReauthRule) -> &'static str {
    use twofold_domain::settings::ReauthRule;
    match rule {
        ReauthRule::None => "nothing",
        ReauthRule::Confirm => "reauth.confirmed = true",
        ReauthRule::Password => "reauth.password_verified_at",
        ReauthRule::Code => "reauth.code",
        ReauthRule::PasswordAndCode => "reauth.password_verified_at and reauth.code",
    }
}
