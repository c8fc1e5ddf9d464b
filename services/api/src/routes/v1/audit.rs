use axum::extract::State;
use axum::response::Response;
use twofold_domain::tenant::Scope;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::{AuditPage, AuditParams, AuditQuery, UserAuditParams, answer};
use crate::http::{Key, Problem, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// What happened, newest first: every code that was accepted or not, every change, by whom, from where and why. What
/// concerns the tenant as a whole is in it as well. With `format=ndjson` or `csv` the whole result is streamed, at most
/// 100,000 rows of it (`twofold-export-max-rows`); an export that was cut ends with a line `export.cut` and its cursor.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditParams, UserAuditParams),
    responses(
        (status = 200, description = "A page, or an export", content((AuditPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, description = "`invalid_query` or `invalid_cursor`", body = Problem),
        (status = 422, description = "A parameter is not usable", body = Problem),
        (status = 503, description = "`read_model_behind`: min_position was not reached in time", body = Problem),
    ))]
async fn get(State(app): State<App>, key: Key, query: AuditQuery) -> Result<Response> {
    let principal = key.allow(Scope::Audit)?;
    let filter = query.filter(&app.engine, &principal);
    answer(app, principal, query, filter).await
}
