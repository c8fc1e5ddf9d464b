use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use twofold_domain::MessageId;
use twofold_domain::tenant::Scope;
use twofold_read_model::AttemptRow;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{DeliveryBody, body, name_of};
use crate::app::App;
use crate::http::{Key, Problem, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get))
}

/// A message with all that was tried and heard of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryWithHistory {
    /// As in the list.
    #[serde(flatten)]
    pub delivery: DeliveryBody,
    /// Every attempt and every report, in the order in which they were recorded; the first 500.
    pub history: Vec<AttemptBody>,
    /// How far the read model had come.
    pub read_position: u64,
}

/// An attempt, or what was heard of the message.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptBody {
    /// When.
    pub at: String,
    /// `handing_over` (a provider has it and takes its time), `retrying` (failed, to be tried again), `accepted`, `captured`, `dead`, `expired`, `superseded`, `delivered`,
    /// `bounced` or `redriven`.
    pub result: &'static str,
    /// Number of the attempt, from 1; null when it is about the message as a whole.
    pub attempt: Option<u32>,
    /// Which of the channel's providers.
    pub provider: Option<String>,
    /// The provider's own id of the message.
    pub provider_id: Option<String>,
    /// Why it failed.
    pub cause: Option<String>,
    /// Position in the log.
    pub position: u64,
}

impl From<AttemptRow> for AttemptBody {
    fn from(row: AttemptRow) -> Self {
        Self {
            at: row.at.to_rfc3339(),
            result: row.result.name(),
            attempt: row.attempt,
            provider: row.provider,
            provider_id: row.provider_id,
            cause: row.cause,
            position: row.seq.0,
        }
    }
}

/// `{message}` of a path.
struct MessagePath(MessageId);

impl FromRequestParts<App> for MessagePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| missing())?;
        MessageId::parse(&text).map(Self).map_err(|_| missing())
    }
}

fn missing() -> Problem {
    Problem::not_found("message_not_found", "no such message")
}

/// A message, and all that was tried and heard of it.
#[utoipa::path(get, path = "/v1/deliveries/{message}", tag = "audit",
    params(("message" = String, Path, description = "`message_id` of the list")),
    responses(
        (status = 200, description = "The message", body = DeliveryWithHistory),
        (status = 404, description = "`message_not_found`", body = Problem),
    ))]
async fn get(State(app): State<App>, key: Key, MessagePath(message): MessagePath) -> Result<Response> {
    let principal = key.allow(Scope::Audit)?;
    let tenant = &principal.tenant.id;
    let read_position = app.store.checkpoint().await?.0;
    let row = app.store.delivery(tenant, &message).await?;
    let row = row.filter(|row| row.mode == principal.mode).ok_or_else(missing)?;
    let history = app.store.attempts(tenant, &message).await?;
    let user = name_of(&app, tenant, &row.user).await?;
    let history = history.into_iter().map(AttemptBody::from).collect();
    Ok(json(StatusCode::OK, &DeliveryWithHistory { delivery: body(row, user), history, read_position }))
}
