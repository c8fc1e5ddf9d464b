//! Every route. The path of a file is its URL.

mod docs;
mod healthz;
mod metrics;
mod readyz;
pub mod v1;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;

pub(crate) use v1::TestMessage;

use crate::app::App;
use crate::http::{Problem, request_id_layer};

/// The documented routes, for the document as well as for serving.
pub(crate) fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(healthz::routes()).merge(readyz::routes()).merge(metrics::routes()).merge(v1::routes())
}

/// The whole HTTP service.
pub fn router(app: App) -> Router {
    let (router, document) = documented().split_for_parts();
    let limit = app.config.max_body_bytes;
    router
        .merge(docs::routes(crate::openapi::finish(document)))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(limit))
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .layer(middleware::from_fn(request_id_layer))
        .with_state(app)
}

/// Bounds what is worked on at a time and how long it may take, and counts it (C26).
async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(_in_flight) = app.metrics.enter(app.config.max_in_flight) else {
        return Problem::unavailable("too many requests at a time; try again in a moment").into_response();
    };
    match tokio::time::timeout(app.config.request_timeout, next.run(request)).await {
        Ok(response) => {
            app.metrics.answered(response.status());
            response
        }
        Err(_) => {
            Problem::unavailable("the request took too long; what it asked for may or may not have happened, ask again")
                .into_response()
        }
    }
}

async fn no_route() -> Problem {
    Problem::not_found("route_not_found", "no such route; see /docs")
}

async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "Method not allowed",
        "this route exists for other methods; see /docs",
    )
}
