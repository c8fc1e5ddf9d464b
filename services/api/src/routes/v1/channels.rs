use axum::Extension;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::Channel;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::{Scope, TenantCommand};
use twofold_engine::{ChannelTest, TenantView};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::{ActorBody, Body, Key, Origin, Problem, RequestId, Result, gone, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get, put, delete)).routes(routes!(test))
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
    request_body(content = Object, description = "The configuration; docs/channels.md lists its fields", content_type = "application/json"),
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

/// A message to try a channel out with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    /// An e-mail address or a mobile number.
    pub to: String,
    /// By this provider of the channel, by its name. The first of the list, when left out.
    #[serde(default)]
    pub provider: Option<String>,
    /// Language tag; the tenant's default language, when left out.
    #[serde(default)]
    pub locale: Option<String>,
    /// Why; kept in the audit trail.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who; the panel itself, when left out.
    #[serde(default)]
    pub actor: Option<ActorBody>,
}

/// What the provider said.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestedBody {
    /// Whether it took the message. Whether it arrives is another matter.
    pub accepted: bool,
    /// Which provider was asked.
    pub provider: String,
    /// Its own id of the message.
    pub provider_id: Option<String>,
    /// Why it did not take it.
    pub cause: Option<String>,
    /// Position of the tenant's last change: that the channel was tried.
    pub position: u64,
}

/// Send one message with this channel, at once, marked as a test and with a made-up code. Ten an hour for each tenant,
/// recorded before it is sent. Countries, stopped prefixes and the suppression list hold as for any message.
#[utoipa::path(post, path = "/v1/channels/{channel}/test", tag = "settings", params(("channel" = String, Path, description = "`email` or `sms`")),
    request_body = TestBody,
    responses(
        (status = 200, description = "What the provider said: see `accepted`", body = TestedBody),
        (status = 404, description = "No such channel", body = Problem),
        (status = 422, description = "The destination, the provider or the channel is not usable", body = Problem),
        (status = 429, description = "`too_many_tests`", body = Problem),
    ))]
async fn test(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    ChannelPath(channel): ChannelPath,
    body: Body<TestBody>,
) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let TestBody { to, provider, locale, reason, actor } = body.value;
    let context = Origin { actor, reason, client: None }.context(&request_id, ActorKind::System)?;
    let test = ChannelTest { channel, provider: provider.as_deref(), to: &to, locale: locale.as_deref() };
    let (sent, position) = app.engine.test_channel(&principal.tenant, &test, &context).await?;
    let (provider_id, cause) = match sent.result {
        Ok(id) => (id, None),
        Err(cause) => (None, Some(cause)),
    };
    let accepted = cause.is_none();
    let body = TestedBody { accepted, provider: sent.provider, provider_id, cause, position: position.0 };
    Ok(written(StatusCode::OK, &body, position))
}
