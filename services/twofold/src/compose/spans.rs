//! A span for every request, for traces. Routes are named by their pattern: a path holds the panel's own user ids.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::{Empty, display};

/// The header that holds the id of a request, in its answer.
const REQUEST_ID: &str = "x-request-id";
/// What a request without a route is called.
const NO_ROUTE: &str = "none";

/// The same service with spans. Only worth its price when somebody collects them.
pub fn with_spans(router: Router) -> Router {
    router.layer(from_fn(span))
}

async fn span(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str);
    let method = request.method().as_str();
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        request_id = Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if let Some(id) = response.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()) {
        span.record("request_id", display(id));
    }
    response
}
