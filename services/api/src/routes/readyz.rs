use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::app::{Condition, Operations};

/// The process can do its work. What it goes on without is listed as degraded: codes are verified without the read model.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses(
    (status = 200, description = "Ready; `degraded` names what is missing all the same", body = serde_json::Value),
    (status = 503, description = "Not ready; `troubles` says why", body = serde_json::Value),
))]
pub async fn get(State(operations): State<Operations>) -> (StatusCode, Json<Value>) {
    let Condition { troubles, degraded } = operations.readiness.condition();
    let ready = troubles.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "troubles": listed(troubles), "degraded": listed(degraded) })))
}

fn listed(found: Vec<(&'static str, String)>) -> Map<String, Value> {
    found.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
}
