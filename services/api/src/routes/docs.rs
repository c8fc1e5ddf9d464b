//! The OpenAPI document and its page, served from the binary: no request leaves the server.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::{self, Next};
use axum::response::Response;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use crate::app::App;

pub(super) fn routes(document: OpenApi) -> Router<App> {
    let ui: Router<App> = SwaggerUi::new("/docs").url("/openapi.json", document).into();
    ui.layer(middleware::from_fn(policy))
}

async fn policy(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
