use axum::extract::{Request, State};
use axum::http::StatusCode;
use twofold_domain::Channel;
use twofold_domain::delivery::SuppressionCause;
use twofold_engine::{CallbackKind, CallbackNews, ListChange, RequestContext};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::genuine::{Genuine, genuine, heard};
use crate::app::App;
use crate::http::{Problem, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// A text message to one of the tenant's numbers. STOP and its like put the sender on the suppression list; START and its
/// like take him off it again, if he had put himself there. Anything else is ignored. Signed as status callbacks are.
#[utoipa::path(post, path = "/v1/callbacks/twilio/{tenant}/{provider}/inbound", tag = "callbacks", security(()),
    params(
        ("tenant" = String, Path, description = "Id of the tenant"),
        ("provider" = String, Path, description = "Name of the provider in the tenant's SMS channel; `default` when it has only one"),
    ),
    request_body(content = String, description = "As Twilio sends it", content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 204, description = "Genuine; nothing is answered to the sender"),
        (status = 403, description = "`callback_refused`", body = Problem),
        (status = 429, description = "`too_many_refused`: callbacks from this source are not looked at for the rest of the minute", body = Problem),
        (status = 503, description = "Try again", body = Problem),
    ))]
async fn post(State(app): State<App>, request: Request) -> Result<StatusCode> {
    let Genuine { tenant, news, .. } = genuine(&app, CallbackKind::Inbound, request).await?;
    let CallbackNews::OptOut { number, id, stop } = news else { return Ok(heard(&app, false)) };
    let destination = app.engine.keyring().destination_hash(&tenant.id, &number);
    let cause = SuppressionCause::OptedOut;
    let change = if stop {
        ListChange::Suppress { channel: Channel::Sms, cause, message: None }
    } else {
        ListChange::Release { only: Some(cause) }
    };
    let name = app.engine.change_name(&tenant.id, &id);
    let context = RequestContext::system();
    let changed = app.engine.change_suppression(&tenant.id, &destination, &change, Some(name), &context).await?;
    Ok(heard(&app, changed.changed))
}
