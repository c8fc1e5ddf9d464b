use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use twofold_domain::Channel;
use twofold_domain::tenant::Scope;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{DestinationBody, SuppressionBody, hash_of};
use crate::app::App;
use crate::http::{Body, Key, Problem, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Whether nothing is sent to an address or number, and why. Read from the log itself.
#[utoipa::path(post, path = "/v1/suppressions/lookup", tag = "callbacks", request_body = DestinationBody,
    responses(
        (status = 200, description = "How it stands", body = SuppressionBody),
        (status = 422, description = "Not an address or number", body = Problem),
    ))]
async fn post(State(app): State<App>, key: Key, body: Body<DestinationBody>) -> Result<Response> {
    let principal = key.allow(Scope::Delivery)?;
    let channel = Channel::from(body.value.channel);
    let destination = hash_of(&app, &principal, channel, &body.value.destination)?;
    let (now, position) = app.engine.suppression(&principal.tenant.id, &destination).await?;
    Ok(json(StatusCode::OK, &SuppressionBody::of(channel, now.as_ref(), position.0)))
}
