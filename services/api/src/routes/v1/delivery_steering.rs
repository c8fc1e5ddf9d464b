//! Pausing and resuming what is handed over.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::Channel;
use twofold_domain::actor::ActorKind;
use twofold_domain::tenant::Scope;
use twofold_engine::TenantView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::ChannelName;
use crate::http::{ActorBody, Body, Key, Origin, Problem, RequestId, Result, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get)).routes(routes!(pause)).routes(routes!(resume))
}

/// What to pause or resume.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SteerBody {
    /// `email` or `sms`.
    pub channel: ChannelName,
    /// Only this provider of the channel, by its name. All of the channel, when left out.
    #[serde(default)]
    pub provider: Option<String>,
    /// Why: 1 to 500 printable characters, kept in the audit trail.
    pub reason: String,
    /// Who; the panel itself, when left out.
    #[serde(default)]
    pub actor: Option<ActorBody>,
}

/// What is not sent for now.
#[derive(Debug, Serialize, ToSchema)]
pub struct SteeringBody {
    /// What is paused.
    pub paused: Vec<PauseBody>,
    /// Beginnings of numbers that get no text message, each with the reason.
    pub stopped_prefixes: BTreeMap<String, String>,
    /// Position of the tenant's last change.
    pub position: u64,
}

/// A pause.
#[derive(Debug, Serialize, ToSchema)]
pub struct PauseBody {
    /// `email` or `sms`.
    pub channel: &'static str,
    /// Only this provider; null: all of the channel.
    pub provider: Option<String>,
}

impl SteeringBody {
    fn of(tenant: &TenantView) -> Self {
        let steering = &tenant.state.steering;
        let pause = |(channel, provider): &(Channel, Option<String>)| PauseBody {
            channel: channel.name(),
            provider: provider.clone(),
        };
        Self {
            paused: steering.paused.iter().map(pause).collect(),
            stopped_prefixes: steering.stopped_prefixes.clone(),
            position: tenant.position.0,
        }
    }
}

/// What is paused and stopped for the tenant.
#[utoipa::path(get, path = "/v1/delivery", tag = "settings",
    responses((status = 200, description = "What is not sent for now", body = SteeringBody)))]
async fn get(key: Key) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    Ok(json(StatusCode::OK, &SteeringBody::of(&principal.tenant)))
}

/// Hand over no messages, on a channel or to one of its providers, until resumed. In force on every worker within a
/// second. Messages wait as long as they live, or go to a provider that is not paused. Pausing twice is no error.
#[utoipa::path(post, path = "/v1/delivery/pause", tag = "settings", request_body = SteerBody,
    responses(
        (status = 200, description = "What is not sent from now on", body = SteeringBody),
        (status = 409, description = "`too_much_steering`: 64 pauses at most", body = Problem),
        (status = 422, description = "A field is not usable", body = Problem),
    ))]
async fn pause(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<SteerBody>,
) -> Result<Response> {
    steer(&app, key, &request_id, body.value, true).await
}

/// Hand messages over again. Takes one pause back: without `provider` that of the whole channel; a provider that was
/// paused by itself stays so. Resuming what is not paused is no error.
#[utoipa::path(post, path = "/v1/delivery/resume", tag = "settings", request_body = SteerBody,
    responses(
        (status = 200, description = "What is still not sent", body = SteeringBody),
        (status = 422, description = "A field is not usable", body = Problem),
    ))]
async fn resume(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<SteerBody>,
) -> Result<Response> {
    steer(&app, key, &request_id, body.value, false).await
}

async fn steer(app: &App, key: Key, request_id: &RequestId, body: SteerBody, pause: bool) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let SteerBody { channel, provider, reason, actor } = body;
    if reason.trim().is_empty() {
        return Err(Problem::invalid("reason", "say why, for those who look at it later"));
    }
    let origin = Origin { actor, reason: Some(reason), client: None };
    let context = origin.context(request_id, ActorKind::System)?;
    let (id, provider) = (&principal.tenant.id, provider.as_deref());
    let position = if pause {
        app.engine.pause_delivery(id, channel.into(), provider, &context).await?
    } else {
        app.engine.resume_delivery(id, channel.into(), provider, &context).await?
    };
    let now = app.engine.directory().tenant(id).unwrap_or(principal.tenant);
    Ok(written(StatusCode::OK, &SteeringBody::of(&now), position))
}
