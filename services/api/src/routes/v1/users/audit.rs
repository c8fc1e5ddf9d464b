use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_domain::user::Refusal;
use twofold_engine::EngineError;
use twofold_read_model::AuditFilter;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::{AuditPage, UserAuditParams, UserAuditQuery, answer};
use crate::http::{Key, Origin, Problem, RequestId, Result, UserPath};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// What happened to one user, newest first. After erasure the events are still there, with null in every personal field.
#[utoipa::path(get, path = "/v1/users/{user}/audit", tag = "audit", params(("user" = String, Path, description = "The panel's own user id"), UserAuditParams),
    responses(
        (status = 200, description = "A page, or an export", content((AuditPage = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, description = "`invalid_query` or `invalid_cursor`", body = Problem),
        (status = 404, description = "No such user", body = Problem),
        (status = 503, description = "`read_model_behind`: min_position was not reached in time", body = Problem),
    ))]
async fn get(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    UserPath(user): UserPath,
    UserAuditQuery(query): UserAuditQuery,
) -> Result<Response> {
    let principal = key.allow(Scope::Audit)?;
    let caller = Origin::default().caller(principal.clone(), &request_id, ActorKind::System)?;
    let whom = app.engine.user_ref(&caller, user);
    // The log says who exists: the read model may not have heard of him yet.
    if app.engine.log().last_of_subject(&whom.subject).await.map_err(EngineError::from)?.is_none() {
        return Err(EngineError::from(Refusal::UserNotFound).into());
    }
    let filter = AuditFilter { user: Some(whom.token), ..query.filter(&app.engine, &principal) };
    answer(app, principal, query, filter).await
}
