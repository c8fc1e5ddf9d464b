use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::tenant::Scope;
use twofold_event_log::Seq;
use twofold_read_model::SuppressionRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Cursor, Key, MinPosition, PageQuery, Problem, QueryOf, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SuppressionsQuery {
    /// Rows of a page, 1 to 500. Default 50.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Wait until the read model has reached this position: that of a write.
    min_position: Option<u64>,
}

/// A destination on the list. The address or number itself is kept nowhere; its message says whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedSuppression {
    /// A keyed hash of the address or number: equal for equal ones, and nothing can be read from it.
    pub destination: String,
    /// `email` or `sms`.
    pub channel: &'static str,
    /// `bounced`, `opted_out`, `complaint` or `manual`.
    pub cause: String,
    /// Since when.
    pub since: String,
    /// The message that showed it.
    pub message_id: Option<String>,
    /// Position of the destination's last change.
    pub position: u64,
}

impl From<SuppressionRow> for ListedSuppression {
    fn from(row: SuppressionRow) -> Self {
        Self {
            destination: row.destination,
            channel: row.channel.name(),
            cause: row.cause.into_owned(),
            since: row.since.to_rfc3339(),
            message_id: row.message.map(|message| message.to_string()),
            position: row.position.0,
        }
    }
}

/// A page of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionsBody {
    /// Newest first.
    pub items: Vec<ListedSuppression>,
    /// For the next page; null when nothing more is known to follow.
    pub next_cursor: Option<String>,
    /// How far the read model had come.
    pub position: u64,
}

/// Destinations that nothing is sent to, newest first.
#[utoipa::path(get, path = "/v1/suppressions", tag = "callbacks", params(SuppressionsQuery),
    responses(
        (status = 200, description = "A page", body = SuppressionsBody),
        (status = 400, description = "`invalid_query` or `invalid_cursor`", body = Problem),
        (status = 422, description = "A parameter is not usable", body = Problem),
        (status = 503, description = "`read_model_behind`: min_position was not reached in time", body = Problem),
    ))]
async fn get(State(app): State<App>, key: Key, QueryOf(query): QueryOf<SuppressionsQuery>) -> Result<Response> {
    let principal = key.allow(Scope::Delivery)?;
    MinPosition(query.min_position).wait(&app).await?;
    let (keyring, tenant) = (app.engine.keyring(), &principal.tenant.id);
    let limit = PageQuery { limit: query.limit, cursor: None }.limit()?;
    let before = query.cursor.as_deref().map(|text| Cursor::decode(keyring, tenant, text)).transpose()?;
    let position = app.store.checkpoint().await?.0;
    let rows = app.store.suppressions(tenant, before.map(|cursor| Seq(cursor.seq)), limit).await?;
    let next_cursor = rows
        .last()
        .filter(|_| rows.len() == limit)
        .map(|row| Cursor { seq: row.position.0, idx: 0 }.encode(keyring, tenant));
    let items = rows.into_iter().map(ListedSuppression::from).collect();
    Ok(json(StatusCode::OK, &SuppressionsBody { items, next_cursor, position }))
}
