//! The API key. The tenant of a request comes from it and from nothing else (invariant 4, C21).

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use twofold_domain::tenant::Scope;
use twofold_engine::Principal;

use super::problem::Problem;
use crate::app::App;

/// An accepted key. [`Key::allow`] is the first line of every handler.
#[derive(Debug, Clone)]
pub struct Key(pub Principal);

impl Key {
    /// Goes on when the key has the scope.
    pub fn allow(self, scope: Scope) -> Result<Principal, Problem> {
        if self.0.scopes.contains(&scope) {
            return Ok(self.0);
        }
        let detail = format!("this API key lacks the scope {}; make one that has it", scope.name());
        Err(Problem::new(StatusCode::FORBIDDEN, "scope_missing", "Not permitted", detail))
    }
}

/// 401 with the scheme to use.
#[derive(Debug)]
pub struct Unauthorized;

impl IntoResponse for Unauthorized {
    fn into_response(self) -> Response {
        let problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "API key needed",
            "send a live API key: Authorization: Bearer tf_live_… (or tf_test_…); this one is missing, mistyped, revoked or unknown",
        );
        let mut response = problem.into_response();
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"twofold\""));
        response
    }
}

impl FromRequestParts<App> for Key {
    type Rejection = Unauthorized;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        // Two Authorization headers are an attack or a defect, never a login.
        let (Some(value), None) = (values.next(), values.next()) else { return Err(Unauthorized) };
        let text = value.to_str().map_err(|_| Unauthorized)?;
        let (scheme, key) = text.split_once(' ').ok_or(Unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Unauthorized);
        }
        let principal = app.engine.directory().authenticate(app.engine.keyring(), key.trim()).ok_or(Unauthorized)?;
        Ok(Self(principal))
    }
}
