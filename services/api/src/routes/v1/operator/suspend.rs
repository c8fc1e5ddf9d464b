use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::TenantCommand;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{TenantBody, TenantPath, after};
use crate::app::App;
use crate::http::{Empty, Key, Origin, Problem, RequestId, Result, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Suspend a tenant: every key of it is refused on every node within a second. Nothing is deleted. Answers alike when it is so already.
#[utoipa::path(post, path = "/v1/operator/tenants/{tenant}/suspend", tag = "operator", params(("tenant" = String, Path, description = "Id of the tenant")),
    responses((status = 200, description = "Suspended", body = TenantBody), (status = 404, description = "No such tenant", body = Problem)))]
async fn post(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    path: TenantPath,
    _: Empty,
) -> Result<Response> {
    let tenant = path.open(&app, key)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let position = app.engine.tenant_command(&tenant.id, &TenantCommand::Suspend, &context).await?;
    Ok(written(StatusCode::OK, &TenantBody::of(&after(&app, &tenant)), position))
}
