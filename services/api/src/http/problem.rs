//! Errors as `application/problem+json` (RFC 9457), with a stable `code`. The text says what to do; internal causes go
//! to the log under the same request id.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use twofold_domain::user::Refusal;
use twofold_domain::{Method, Timestamp};
use twofold_engine::EngineError;
use twofold_read_model::StoreError;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// What a route answers.
pub type Result<T> = std::result::Result<T, Problem>;

/// An error of the API. Boxed, because it travels in every `Result`.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<ProblemBody>);

impl std::ops::Deref for Problem {
    type Target = ProblemBody;

    fn deref(&self) -> &ProblemBody {
        &self.0
    }
}

impl std::ops::DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut ProblemBody {
        &mut self.0
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        ProblemBody::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProblemBody::schemas(schemas);
    }
}

/// What an error says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A URI reference for the code.
    #[serde(rename = "type")]
    #[schema(example = "/docs/problems#locked")]
    pub kind: String,
    /// Short text, the same for every occurrence.
    pub title: String,
    /// HTTP status.
    #[schema(example = 429)]
    pub status: u16,
    /// Stable and machine-readable.
    #[schema(example = "locked")]
    pub code: String,
    /// What happened here and what to do.
    pub detail: String,
    /// Id of the request, also in the logs and the audit trail.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// Always false where a code was tried; absent elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Seconds to wait before it can help to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Until when a factor is locked; absent for a lock that only an administrator or support lifts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<String>,
    /// Wrong fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// One wrong field.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Dotted path.
    pub field: String,
    /// What it accepts.
    pub problem: String,
}

impl Problem {
    /// A problem with a code of the catalogue below.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemBody {
            kind: format!("/docs/problems#{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            request_id: String::new(),
            verified: None,
            retry_after: None,
            locked_until: None,
            errors: Vec::new(),
        }))
    }

    /// 400: the request cannot be read.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The request cannot be read", detail)
    }

    /// 422: a field is not usable.
    pub fn invalid(field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let mut made = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_field",
            "A field is not usable",
            format!("{field}: {problem}"),
        );
        made.errors.push(FieldProblem { field: field.to_owned(), problem });
        made
    }

    /// 404: there is none, or it belongs to somebody else; the caller learns no difference (invariant 4).
    pub fn not_found(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, "Not found", detail)
    }

    /// 503: try again later; nothing was allowed and nothing was called wrong (invariant 6).
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let mut made = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable", detail);
        made.retry_after = Some(1);
        made
    }

    /// 403: this key may not do it.
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, "Not permitted", detail)
    }

    fn conflict(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// Marks a problem that answers an attempt with a code.
    pub fn for_attempt(mut self) -> Self {
        self.verified = Some(false);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(secs) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        // The request-id layer writes the id into the body, because only it knows it.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "read model unavailable");
        Self::unavailable("the read model cannot be reached or used; try again")
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => refused(&refusal),
            EngineError::TenantRefused(refusal) => tenant_refused(&refusal),
            EngineError::Invalid { field, problem } => Self::invalid(field, problem),
            EngineError::MalformedCode => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "malformed_code",
                "Not the shape of a code",
                "send the digits of the code, or a recovery code; blanks and hyphens do not matter. No attempt was charged",
            )
            .for_attempt(),
            EngineError::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "Idempotency key used for another request",
                "use a new Idempotency-Key for a new request",
            ),
            EngineError::Conflict => {
                let mut made = Self::conflict("concurrent_changes", "Too many concurrent changes", "the same user is being changed elsewhere; try again");
                made.retry_after = Some(1);
                made
            }
            EngineError::Overloaded => Self::unavailable("too much is waiting; try again in a moment"),
            EngineError::Unavailable(cause) => {
                tracing::error!(%cause, "storage unavailable");
                Self::unavailable("the event log or the key store cannot be reached; nothing was changed or decided, try again")
            }
            EngineError::Integrity(cause) => {
                tracing::error!(%cause, "the log holds something that cannot be used");
                Self::unavailable("the stored events of this user cannot be used; ask the operator to run verify-log")
            }
        }
    }
}

fn tenant_refused(refusal: &twofold_domain::tenant::TenantRefusal) -> Problem {
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

fn refused(refusal: &Refusal) -> Problem {
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
