use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// The process can do its work: log, key store, read model and projector are well.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses(
    (status = 200, description = "Ready", body = serde_json::Value),
    (status = 503, description = "Not ready; the body says why", body = serde_json::Value),
))]
async fn get(State(app): State<App>) -> (StatusCode, Json<serde_json::Value>) {
    let mut troubles = app.readiness.troubles();
    if let Err(error) = app.engine.log().head().await {
        troubles.push(("event_log", error.to_string()));
    }
    let status = if troubles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let listed: serde_json::Map<_, _> =
        troubles.into_iter().map(|(name, trouble)| (name.to_owned(), trouble.into())).collect();
    (status, Json(serde_json::json!({ "ready": status == StatusCode::OK, "troubles": listed })))
}
