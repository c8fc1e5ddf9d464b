//! From an engine's reply to a response.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use twofold_domain::Timestamp;
use twofold_engine::{Answer, EngineError, Reply};

use super::problem::Problem;

/// Position of a write in the log; give it to reads as `min_position`.
pub const POSITION: HeaderName = HeaderName::from_static("twofold-position");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The header's value.
pub fn position_header(position: u64) -> (HeaderName, HeaderValue) {
    (POSITION, HeaderValue::from(position))
}

/// A response made of a reply.
#[derive(Debug)]
pub struct Replied(Response);

impl Replied {
    /// Turns a result of the engine into a response.
    pub fn from<A: Answer>(result: Result<Reply<A>, EngineError>, now: Timestamp) -> Self {
        Self(match result {
            Ok(Reply::Fresh(answer)) => json(answer.status(), serde_json::to_vec(&answer).unwrap_or_default()),
            Ok(Reply::Replayed { status, mut body, position }) => {
                // The kept answer was made before its own position was known; the user's newest one serves reads as well.
                if let Some(place) = body.get_mut("position") {
                    *place = position.0.into();
                }
                let mut response = json(status, serde_json::to_vec(&body).unwrap_or_default());
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                let (name, value) = position_header(position.0);
                response.headers_mut().insert(name, value);
                response
            }
            Err(EngineError::Refused(refusal)) => {
                Problem::from(EngineError::Refused(refusal.clone())).at(now, Some(&refusal)).into_response()
            }
            Err(error) => Problem::from(error).into_response(),
        })
    }
}

impl IntoResponse for Replied {
    fn into_response(self) -> Response {
        self.0
    }
}

fn json(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
