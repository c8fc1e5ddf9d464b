use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use twofold_engine::ListChange;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::SuppressionBody;
use super::put::{SuppressionChangeBody, carry_out};
use crate::app::App;
use crate::http::{Body, Key, Problem, RequestId, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Send to an address or number again, whatever it was on the list for. What is not on it stays as it is. A number whose
/// owner said STOP stays blocked at the provider until the owner says START.
#[utoipa::path(post, path = "/v1/suppressions/release", tag = "callbacks", request_body = SuppressionChangeBody,
    responses(
        (status = 200, description = "How it stands now", body = SuppressionBody),
        (status = 403, description = "The key lacks the scope `delivery`, or is a test key", body = Problem),
        (status = 422, description = "A field is not usable", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<SuppressionChangeBody>,
) -> Result<Response> {
    carry_out(&app, key, &request_id, body.value, |_| ListChange::Release { only: None }).await
}
