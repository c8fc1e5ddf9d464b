mod bounces;
mod show;

use std::collections::HashMap;

use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use twofold_domain::tenant::Scope;
use twofold_domain::{Channel, PanelId, TenantId, Timestamp, UserToken};
use twofold_engine::{Label, Principal};
use twofold_event_log::Seq;
use twofold_read_model::{DeliveryFilter, DeliveryPage, DeliveryRow, DeliveryStatus};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::audit::newest_first;
use crate::http::{Cursor, Key, MinPosition, PageQuery, Pairs, Problem, Result, json, panel_id};
use crate::unseal::Unsealer;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get)).merge(show::routes()).merge(bounces::routes())
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only describes the parameters; they are read one by one")]
struct DeliveriesParams {
    /// To this user: the panel's own id.
    user: Option<String>,
    /// `pending`, `retrying`, `accepted`, `delivered`, `bounced`, `used`, `captured`, `dead`, `expired` or `superseded`.
    status: Option<String>,
    /// `email` or `sms`.
    channel: Option<String>,
    /// Taken, or tried last, by this provider: the name it has in the channel's configuration.
    provider: Option<String>,
    /// Text messages to this country, ISO 3166 alpha-2; only what a provider took.
    country: Option<String>,
    /// Rows of a page, 1 to 500. Default 50.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// `desc` (newest first, the default) or `asc`.
    order: Option<String>,
    /// Wait until the read model has reached this position: that of a write.
    min_position: Option<u64>,
}

struct DeliveriesQuery {
    user: Option<PanelId>,
    status: Option<DeliveryStatus>,
    channel: Option<Channel>,
    provider: Option<String>,
    country: Option<String>,
    page: PageQuery,
    newest_first: bool,
    min_position: MinPosition,
}

impl FromRequestParts<App> for DeliveriesQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        let mut pairs = Pairs::of(parts)?;
        let statuses = "pending, retrying, accepted, delivered, bounced, used, captured, dead, expired, superseded";
        let channel = |name: &str| [Channel::Email, Channel::Sms].into_iter().find(|channel| channel.name() == name);
        let query = Self {
            user: pairs.one("user")?.map(|id| panel_id("user", &id)).transpose()?,
            status: pairs.choice("status", statuses, DeliveryStatus::parse)?,
            channel: pairs.choice("channel", "email, sms", channel)?,
            provider: pairs.one("provider")?.map(|name| short("provider", name, MAX_PROVIDER)).transpose()?,
            country: pairs.one("country")?.map(|code| short("country", code, 2)).transpose()?,
            page: PageQuery { limit: pairs.number("limit")?, cursor: pairs.one("cursor")? },
            newest_first: pairs.choice("order", "asc, desc", newest_first)?.unwrap_or(true),
            min_position: MinPosition(pairs.number("min_position")?),
        };
        pairs.finish()?;
        Ok(query)
    }
}

/// Names of providers are no longer.
const MAX_PROVIDER: usize = 32;

fn short(name: &str, value: String, most: usize) -> Result<String> {
    if value.is_empty() || value.len() > most {
        return Err(Problem::invalid(name, format!("1 to {most} characters")));
    }
    Ok(value)
}

/// A message and what became of it. Neither its text nor its destination is here.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryBody {
    /// Its id.
    pub message_id: String,
    /// To whom: the panel's own user id; null after erasure.
    pub user: Option<String>,
    /// `email` or `sms`.
    pub channel: &'static str,
    /// `code`, or the name of a notice.
    pub kind: String,
    /// For a code: `login`, `reauth` or `enrolment`.
    pub purpose: Option<String>,
    /// Where it stands: `pending`, `retrying`, `accepted` (a provider took it), `delivered` (the provider says that it
    /// arrived), `bounced` (it did not after all), `used` (its code was accepted), `captured`, `dead`, `expired` or
    /// `superseded`.
    pub status: &'static str,
    /// When it was requested.
    pub requested_at: String,
    /// When anything last happened to it.
    pub updated_at: String,
    /// After this instant it is not handed over any more.
    pub expires_at: String,
    /// Attempts made.
    pub attempts: u32,
    /// Which of the channel's providers took it, or tried it last.
    pub provider: Option<String>,
    /// The provider's own id of it.
    pub provider_id: Option<String>,
    /// Why the last attempt failed, or why it did not arrive.
    pub cause: Option<String>,
    /// Where a text message went, ISO 3166 alpha-2; null until a provider took it.
    pub country: Option<String>,
    /// The beginning of the number a text message went to.
    pub prefix: Option<String>,
    /// When a provider took it.
    pub accepted_at: Option<String>,
    /// When the provider said that it arrived.
    pub delivered_at: Option<String>,
    /// When its code was accepted.
    pub used_at: Option<String>,
    /// Position of its newest event in the log.
    pub position: u64,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveriesBody {
    /// In the order asked for.
    pub items: Vec<DeliveryBody>,
    /// For the next page; null when nothing more is known to follow.
    pub next_cursor: Option<String>,
    /// How far the read model had come.
    pub position: u64,
}

/// Messages to users and what became of them, newest first.
#[utoipa::path(get, path = "/v1/deliveries", tag = "audit", params(DeliveriesParams),
    responses(
        (status = 200, description = "A page", body = DeliveriesBody),
        (status = 400, description = "`invalid_query` or `invalid_cursor`", body = Problem),
        (status = 422, description = "A parameter is not usable", body = Problem),
        (status = 503, description = "`read_model_behind`: min_position was not reached in time", body = Problem),
    ))]
async fn get(State(app): State<App>, key: Key, query: DeliveriesQuery) -> Result<Response> {
    let principal = key.allow(Scope::Audit)?;
    query.min_position.wait(&app).await?;
    let (keyring, tenant) = (app.engine.keyring(), &principal.tenant.id);
    let limit = query.page.limit()?;
    let after = query.page.cursor.as_deref().map(|text| Cursor::decode(keyring, tenant, text)).transpose()?;
    let filter = DeliveryFilter {
        user: query.user.map(|id| keyring.user_token(tenant, principal.mode, &id)),
        status: query.status,
        channel: query.channel,
        provider: query.provider,
        country: query.country,
    };
    let page = DeliveryPage { after: after.map(|cursor| Seq(cursor.seq)), limit, newest_first: query.newest_first };
    let position = app.store.checkpoint().await?.0;
    let rows = app.store.deliveries(tenant, principal.mode, &filter, page).await?;
    let next_cursor = rows
        .last()
        .filter(|_| rows.len() == limit)
        .map(|row| Cursor { seq: row.request_seq.0, idx: 0 }.encode(keyring, tenant));
    let items = bodies(&app, &principal, rows).await?;
    Ok(json(StatusCode::OK, &DeliveriesBody { items, next_cursor, position }))
}

async fn bodies(app: &App, principal: &Principal, rows: Vec<DeliveryRow>) -> Result<Vec<DeliveryBody>> {
    let mut names: HashMap<UserToken, Option<String>> = HashMap::new();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let user = if let Some(name) = names.get(&row.user) {
            name.clone()
        } else {
            let name = name_of(app, &principal.tenant.id, &row.user).await?;
            names.insert(row.user.clone(), name.clone());
            name
        };
        items.push(body(row, user));
    }
    Ok(items)
}

fn body(row: DeliveryRow, user: Option<String>) -> DeliveryBody {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
    DeliveryBody {
        message_id: row.message.to_string(),
        user,
        channel: row.channel.name(),
        kind: row.kind.into_owned(),
        purpose: row.purpose.map(std::borrow::Cow::into_owned),
        status: row.status.name(),
        requested_at: row.requested_at.to_rfc3339(),
        updated_at: row.updated_at.to_rfc3339(),
        expires_at: row.expires_at.to_rfc3339(),
        attempts: row.attempts,
        provider: row.provider,
        provider_id: row.provider_id,
        cause: row.cause,
        country: row.country,
        prefix: row.prefix,
        accepted_at: time(row.accepted_at),
        delivered_at: time(row.delivered_at),
        used_at: time(row.used_at),
        position: row.position.0,
    }
}

async fn name_of(app: &App, tenant: &TenantId, token: &UserToken) -> Result<Option<String>> {
    let unsealer = Unsealer::of_user(&app.engine, tenant, token).await?;
    let known = app.store.user(tenant, token).await?;
    Ok(known.and_then(|user| user.panel_id).and_then(|sealed| unsealer.text(Label::PanelId, &sealed)))
}
