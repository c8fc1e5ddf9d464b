//! Errors as `application/problem+json` (RFC 9457), with a stable `code`. The text says what to do; internal causes go
//! to the log under the same request id.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use twofold_engine::EngineError;
use twofold_read_model::StoreError;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::refusal::{refused, tenant_refused, withheld};

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

    /// 409: not in this state.
    pub fn conflict(code: &str, title: &str, detail: impl Into<String>) -> Self {
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
            EngineError::Withheld { reason, retry_after_secs } => withheld(reason, retry_after_secs),
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
