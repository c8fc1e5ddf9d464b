use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::Operations;

/// Counters and gauges for Prometheus, in the `OpenMetrics` text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", security(()), responses((status = 200, description = "Metrics", body = String, content_type = "application/openmetrics-text")))]
pub async fn get(State(operations): State<Operations>) -> Response {
    let text = operations.metrics.text();
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}
