use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use twofold_domain::Channel;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::{Scope, TenantCommand};
use twofold_engine::TenantView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{Body, Key, Origin, Problem, RequestId, Result, gone, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, put, delete))
}

/// How codes are sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelBody {
    /// `email` or `sms`.
    pub channel: &'static str,
    /// The tenant has a configuration of its own.
    pub configured: bool,
    /// Without one the operator's is used; false when there is none either.
    pub operator_default: bool,
    /// The tenant's own configuration without its credentials; null when there is none.
    #[schema(value_type = Option<Object>)]
    pub config: Option<serde_json::Value>,
    /// Position of the tenant's last change.
    pub position: u64,
}

/// `{channel}` of a path.
struct ChannelPath(Channel);

impl FromRequestParts<App> for ChannelPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let missing = || Problem::not_found("channel_not_found", "the channels are email and sms");
        let Path(name) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| missing())?;
        [Channel::Email, Channel::Sms].into_iter().find(|channel| channel.name() == name).map(Self).ok_or_else(missing)
    }
}

async fn body_of(app: &App, tenant: &TenantView, channel: Channel) -> Result<ChannelBody> {
    let config = app.engine.channel_config(tenant, channel).await?;
    let outbound = app.engine.outbound();
    Ok(ChannelBody {
        channel: channel.name(),
        configured: config.is_some(),
        operator_default: outbound.has_default(channel),
        config: config.map(|config| outbound.redact_channel(channel, &config)),
        position: tenant.position.0,
    })
}

/// How codes are sent on a channel, without credentials.
#[utoipa::path(get, path = "/v1/channels/{channel}", tag = "settings", params(("channel" = String, Path, description = "`email` or `sms`")),
    responses((status = 200, description = "The channel", body = ChannelBody), (status = 404, description = "No such channel", body = Problem)))]
async fn get(State(app): State<App>, key: Key, ChannelPath(channel): ChannelPath) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    Ok(json(StatusCode::OK, &body_of(&app, &principal.tenant, channel).await?))
}

/// Set how codes are sent. Checked before it is accepted, kept sealed; credentials are never shown again.
#[utoipa::path(put, path = "/v1/channels/{channel}", tag = "settings", params(("channel" = String, Path, description = "`email` or `sms`")),
    request_body(content = Object, description = "The configuration; docs/operations.md lists its fields", content_type = "application/json"),
    responses(
        (status = 200, description = "The channel as it is now", body = ChannelBody),
        (status = 404, description = "No such channel", body = Problem),
        (status = 422, description = "The configuration is not usable; `detail` names the field", body = Problem),
    ))]
async fn put(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    ChannelPath(channel): ChannelPath,
    body: Body<serde_json::Value>,
) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let position = app.engine.configure_channel(&principal.tenant.id, channel, &body.value, &context).await?;
    let now = app.engine.directory().tenant(&principal.tenant.id).unwrap_or(principal.tenant);
    Ok(written(StatusCode::OK, &body_of(&app, &now, channel).await?, position))
}

/// Take the tenant's own configuration away; the operator's is used again, if there is one. Also answers 204 when there
/// was none.
#[utoipa::path(delete, path = "/v1/channels/{channel}", tag = "settings", params(("channel" = String, Path, description = "`email` or `sms`")),
    responses((status = 204, description = "Gone"), (status = 404, description = "No such channel", body = Problem)))]
async fn delete(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    ChannelPath(channel): ChannelPath,
) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let context = Origin::default().context(&request_id, ActorKind::System)?;
    let position =
        app.engine.tenant_command(&principal.tenant.id, &TenantCommand::RemoveChannel(channel), &context).await?;
    Ok(gone(position))
}
