//! `Idempotency-Key`: a retry with the same key and body gets the first answer.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bytes::Bytes;
use twofold_engine::Idempotency;

use super::problem::Problem;
use crate::app::App;

const MAX_CHARS: usize = 128;

/// The header with the route it was sent to.
#[derive(Debug)]
pub struct IdempotencyHeader(Option<(String, String)>);

impl IdempotencyHeader {
    /// Bound to the body as well.
    pub fn with(self, body: &Bytes) -> Option<Idempotency> {
        self.0.map(|(key, route)| Idempotency { key, route, body: body.to_vec() })
    }
}

impl FromRequestParts<App> for IdempotencyHeader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let usable = value.to_str().ok().filter(|t| !t.is_empty() && t.len() <= MAX_CHARS);
        let key = usable.ok_or_else(|| {
            Problem::bad_request("invalid_idempotency_key", "Idempotency-Key is 1 to 128 printable ASCII characters")
        })?;
        Ok(Self(Some((key.to_owned(), format!("{} {}", parts.method, parts.uri.path())))))
    }
}
