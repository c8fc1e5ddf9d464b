//! The id of a request: the caller's `X-Request-Id` when it is usable, else ours. It is in every answer, log line and event.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// The header.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest accepted id.
const MAX_CHARS: usize = 128;

/// The id, for handlers.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// Gives every request its id and writes it into every problem.
pub async fn layer(request: Request, next: Next) -> Response {
    with_id(request, |request| next.run(request)).await
}

/// The same around anything that answers a request.
pub async fn with_id<F>(mut request: Request, answer: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| usable(text));
    let id: Arc<str> = match given {
        Some(given) => given.into(),
        None => (&*uuid::Uuid::now_v7().simple().encode_lower(&mut uuid::Uuid::encode_buffer())).into(),
    };
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let mut response = answer(request).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        id.as_ref().clone_into(&mut problem.request_id);
        let mut complete = problem.into_response();
        complete.extensions_mut().remove::<Problem>();
        // Such as WWW-Authenticate and Allow; the length is another one now.
        for (name, value) in response.headers() {
            if name != CONTENT_LENGTH && !complete.headers().contains_key(name) {
                complete.headers_mut().append(name.clone(), value.clone());
            }
        }
        response = complete;
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn usable(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_CHARS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/=+".contains(&b))
}
