//! Every route. The path of a file is its URL.

mod docs;
mod healthz;
mod metrics;
mod readyz;
pub mod v1;

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use v1::TestMessage;

use crate::app::{App, Operations};
use crate::http::{Problem, request_id_layer, with_id};

/// The documented routes, for the document as well as for serving.
pub(crate) fn documented() -> OpenApiRouter<App> {
    operations().merge(v1::routes())
}

/// Health, readiness and metrics, of every process.
fn operations<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Operations: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(healthz::get)).routes(routes!(readyz::get)).routes(routes!(metrics::get))
}

/// The HTTP side of a process without an API; everything else answers 404.
pub fn operations_router(state: Operations) -> Router {
    let (router, _) = operations().split_for_parts();
    router
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(request_id_layer))
        .with_state(state)
}

/// The HTTP side of a process that is not up yet: whoever asks for more than its health is told to come again.
pub fn starting_router(state: Operations) -> Router {
    let (router, _) = operations().split_for_parts();
    router.fallback(not_yet).layer(middleware::from_fn(request_id_layer)).with_state(state)
}

/// The whole HTTP service.
pub fn router(app: App) -> Router {
    let (router, document) = documented().split_for_parts();
    router
        .merge(docs::routes(crate::openapi::finish(document)))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(app.clone(), edge))
        .with_state(app)
}

/// What every request passes. One layer for all of it: each layer of a router is a boxed service that is cloned, and a
/// boxed future, for every request.
async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    DefaultBodyLimit::max(app.config.max_body_bytes).apply(&mut request);
    with_id(request, |request| guard(app, request, next)).await
}

/// Bounds what is worked on at a time and how long it may take, and counts it (C26).
async fn guard(app: App, request: Request, next: Next) -> Response {
    let metrics = &app.operations.metrics;
    let Some(_in_flight) = metrics.enter(app.config.max_in_flight) else {
        return Problem::unavailable("too many requests at a time; try again in a moment").into_response();
    };
    let verifies = is_verification(&request);
    let begun = Instant::now();
    let response = tokio::time::timeout(app.config.request_timeout, next.run(request)).await.unwrap_or_else(|_| {
        Problem::unavailable("the request took too long; what it asked for may or may not have happened, ask again")
            .into_response()
    });
    metrics.answered(response.status(), begun.elapsed(), verifies);
    response
}

/// Whether a code is judged: what a login waits for.
fn is_verification(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    request.method() == Method::POST && route.is_some_and(|route| route.as_str().ends_with("/verify"))
}

async fn no_route() -> Problem {
    Problem::not_found("route_not_found", "no such route; see /docs")
}

async fn not_yet() -> Problem {
    Problem::unavailable("this server is starting; try again in a moment")
}

async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Method not allowed",
        "this route exists for other methods; see /docs",
    )
}
