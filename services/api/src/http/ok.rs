//! A JSON answer of a route that does not go through the engine's replies.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use twofold_event_log::Seq;

use super::reply::position_header;

/// JSON that no cache keeps.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    match serde_json::to_vec(body) {
        Ok(text) => (status, headers, text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The same after a write: with its position.
pub fn written(status: StatusCode, body: &impl Serialize, position: Seq) -> Response {
    let mut response = json(status, body);
    let (name, value) = position_header(position.0);
    response.headers_mut().insert(name, value);
    response
}

/// 204 after a write.
pub fn gone(position: Seq) -> Response {
    (StatusCode::NO_CONTENT, [position_header(position.0)]).into_response()
}
