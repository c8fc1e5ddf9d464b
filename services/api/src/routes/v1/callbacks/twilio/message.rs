use axum::extract::{Request, State};
use axum::http::StatusCode;
use twofold_domain::{Channel, MessageId};
use twofold_engine::{CallbackKind, CallbackNews, DeliveryReport, ReportedBy};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::genuine::{Genuine, genuine, heard};
use crate::app::App;
use crate::http::{Problem, Result};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(post))
}

/// Twilio's status callback of a message: what became of it after it was taken. Signed over `delivery.public_url` and this
/// path with the account's token, the present one or the one before it (`previous_auth_token`). Callbacks that come twice,
/// late, in any order, or for a message that this provider did not take, change nothing and are answered alike.
#[utoipa::path(post, path = "/v1/callbacks/twilio/{tenant}/{provider}/{message}", tag = "callbacks", security(()),
    params(
        ("tenant" = String, Path, description = "Id of the tenant"),
        ("provider" = String, Path, description = "Name of the provider in the tenant's SMS channel; `default` when it has only one"),
        ("message" = String, Path, description = "Id of the message"),
    ),
    request_body(content = String, description = "As Twilio sends it; a JSON body with `bodySHA256` in the query", content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 204, description = "Genuine; what it says is written down, or was already"),
        (status = 403, description = "`callback_refused`", body = Problem),
        (status = 429, description = "`too_many_refused`: callbacks from this source are not looked at for the rest of the minute", body = Problem),
        (status = 503, description = "Try again", body = Problem),
    ))]
async fn post(State(app): State<App>, request: Request) -> Result<StatusCode> {
    let Genuine { tenant, provider, message, news } = genuine(&app, CallbackKind::Status, request).await?;
    let (Ok(message), CallbackNews::Status { provider_id, what, suppress }) = (MessageId::parse(&message), news) else {
        return Ok(heard(&app, false));
    };
    let by = ReportedBy::Provider { name: &provider, id: provider_id.as_deref() };
    let report = DeliveryReport { channel: Channel::Sms, message: &message, by, what, suppress };
    let recorded = app.engine.report_delivery(&tenant.id, &report).await?;
    if let Some(position) = recorded {
        tracing::info!(tenant = %tenant.id, %message, provider, position = position.0, "a provider reported a message's end");
    }
    Ok(heard(&app, recorded.is_some()))
}
