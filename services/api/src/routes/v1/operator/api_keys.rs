use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use twofold_domain::Mode;
use twofold_domain::actor::ActorKind;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::TenantPath;
use crate::app::App;
use crate::body::{ApiKeyPost, NewApiKeyBody};
use crate::http::{Body, Key, Origin, Problem, RequestId, Result, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Make a key for a tenant, such as when it lost all of its own. The text is shown in this answer and never again.
#[utoipa::path(post, path = "/v1/operator/tenants/{tenant}/api-keys", tag = "operator", params(("tenant" = String, Path, description = "Id of the tenant")),
    request_body = ApiKeyPost,
    responses(
        (status = 201, description = "Hand it over safely", body = NewApiKeyBody),
        (status = 404, description = "No such tenant", body = Problem),
        (status = 409, description = "`too_many_api_keys`: there are 100", body = Problem),
        (status = 422, description = "A field is not usable", body = Problem),
    ))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    path: TenantPath,
    body: Body<ApiKeyPost>,
) -> Result<Response> {
    let tenant = path.open(&app, key)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let created = app.engine.create_key(&tenant.id, body.value.read(Mode::Live), &context).await?;
    Ok(written(StatusCode::CREATED, &NewApiKeyBody::of(&created), created.position))
}
