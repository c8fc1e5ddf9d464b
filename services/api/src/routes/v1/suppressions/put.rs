use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use twofold_domain::Channel;
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::SuppressionCause;
use twofold_domain::tenant::Scope;
use twofold_engine::ListChange;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{SuppressionBody, hash_of};
use crate::app::App;
use crate::body::ChannelName;
use crate::http::{ActorBody, Body, Key, Origin, Problem, RequestId, Result, live_only};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(put))
}

/// A destination, who decides about it, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionChangeBody {
    /// `email` or `sms`.
    pub channel: ChannelName,
    /// The address, or the number, best as E.164 (`+447400123456`), or `destination` of the list.
    #[schema(example = "ada@example.net")]
    pub destination: String,
    /// Why: 1 to 500 printable characters, kept in the audit trail.
    pub reason: String,
    /// Who; the panel itself, when left out.
    #[serde(default)]
    pub actor: Option<ActorBody>,
}

/// Send nothing to an address or number any more, for a reason of your own. In force with the answer; doing it twice is no
/// error.
#[utoipa::path(put, path = "/v1/suppressions", tag = "callbacks", request_body = SuppressionChangeBody,
    responses(
        (status = 200, description = "How it stands now", body = SuppressionBody),
        (status = 403, description = "The key lacks the scope `delivery`, or is a test key", body = Problem),
        (status = 422, description = "A field is not usable", body = Problem),
    ))]
async fn put(
    State(app): State<App>,
    key: Key,
    Extension(request_id): Extension<RequestId>,
    body: Body<SuppressionChangeBody>,
) -> Result<Response> {
    let cause = SuppressionCause::Manual;
    let change = |channel| ListChange::Suppress { channel, cause, message: None };
    carry_out(&app, key, &request_id, body.value, change).await
}

/// What adding and releasing have in common.
pub(super) async fn carry_out(
    app: &App,
    key: Key,
    request_id: &RequestId,
    body: SuppressionChangeBody,
    change: impl FnOnce(Channel) -> ListChange,
) -> Result<Response> {
    let principal = key.allow(Scope::Delivery)?;
    live_only(&principal)?;
    let SuppressionChangeBody { channel, destination, reason, actor } = body;
    let channel = Channel::from(channel);
    if reason.trim().is_empty() {
        return Err(Problem::invalid("reason", "say why, for those who look at it later"));
    }
    let destination = hash_of(app, &principal, channel, &destination)?;
    let context = Origin { actor, reason: Some(reason), client: None }.context(request_id, ActorKind::System)?;
    let tenant = &principal.tenant.id;
    let done = app.engine.change_suppression(tenant, &destination, &change(channel), None, &context).await?;
    Ok(SuppressionBody::after(channel, &done))
}
