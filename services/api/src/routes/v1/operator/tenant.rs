use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{TenantBody, TenantPath};
use crate::app::App;
use crate::http::{Key, Problem, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// A tenant, with its settings document and the list of its keys. Nothing of its users.
#[utoipa::path(get, path = "/v1/operator/tenants/{tenant}", tag = "operator", params(("tenant" = String, Path, description = "Id of the tenant")),
    responses((status = 200, description = "The tenant", body = TenantBody), (status = 404, description = "No such tenant", body = Problem)))]
async fn get(State(app): State<App>, key: Key, path: TenantPath) -> Result<Response> {
    Ok(json(StatusCode::OK, &TenantBody::of(&*path.open(&app, key)?)))
}
