//! The API key. The tenant of a request comes from it and from nothing else (invariant 4, C21).

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use twofold_domain::Mode;
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

/// Goes on with a live key: what is done about real destinations is none of a test key's business.
pub fn live_only(principal: &Principal) -> Result<(), Problem> {
    match principal.mode {
        Mode::Live => Ok(()),
        Mode::Test => Err(Problem::forbidden("live_key_required", "this is about real messages; use a live key")),
    }
}

/// Why a request has no key.
#[derive(Debug)]
pub enum NoKey {
    /// 401 with the scheme to use.
    Unauthorized,
    /// 503: this process does not know which keys are alive.
    Unknown,
}

impl IntoResponse for NoKey {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => unauthorized(),
            Self::Unknown => {
                Problem::unavailable("the event log cannot be reached, so no key can be checked; try again")
                    .into_response()
            }
        }
    }
}

fn unauthorized() -> Response {
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

impl FromRequestParts<App> for Key {
    type Rejection = NoKey;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        // Two Authorization headers are an attack or a defect, never a login.
        let (Some(value), None) = (values.next(), values.next()) else { return Err(NoKey::Unauthorized) };
        let text = value.to_str().map_err(|_| NoKey::Unauthorized)?;
        let (scheme, key) = text.split_once(' ').ok_or(NoKey::Unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(NoKey::Unauthorized);
        }
        // A key that was revoked meanwhile would still look alive here.
        if app.engine.directory_status().borrow().is_stale() {
            return Err(NoKey::Unknown);
        }
        let principal =
            app.engine.directory().authenticate(app.engine.keyring(), key.trim()).ok_or(NoKey::Unauthorized)?;
        Ok(Self(principal))
    }
}
