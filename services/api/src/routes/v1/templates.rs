//! Looking at messages before anybody gets them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::settings::Settings;
use twofold_domain::tenant::{Scope, TenantRefusal};
use twofold_engine::{EngineError, Preview};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::body::ChannelName;
use crate::http::{Body, Key, Problem, Result, json};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(preview))
}

/// A message to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    /// As templates name it: `login_code`, `enrolment_code`, `reauth_code` or a notice such as `factor_locked`.
    #[schema(example = "login_code")]
    pub kind: String,
    /// `email` or `sms`.
    pub channel: ChannelName,
    /// Language tag; the tenant's default language, when left out.
    #[serde(default)]
    pub locale: Option<String>,
    /// A merge patch (RFC 7396) over the tenant's settings that is tried out and not kept: templates, brand.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub settings: Option<serde_json::Value>,
}

/// A message with made-up values.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewedBody {
    /// Of a mail; null for a text message.
    pub subject: Option<String>,
    /// The plain part of a mail, or the whole text message.
    pub text: String,
    /// The HTML part of a mail; null for a text message.
    pub html: Option<String>,
    /// Characters of the text.
    pub chars: usize,
}

/// A message as users would get it, with a made-up code, made-up names and the tenant's own texts and brand. Nothing is
/// sent or kept.
#[utoipa::path(post, path = "/v1/templates/preview", tag = "settings", request_body = PreviewBody,
    responses(
        (status = 200, description = "The message", body = PreviewedBody),
        (status = 422, description = "`invalid_settings`, or `invalid_field` with every defect of the template", body = Problem),
    ))]
async fn preview(State(app): State<App>, key: Key, body: Body<PreviewBody>) -> Result<Response> {
    let principal = key.allow(Scope::Settings)?;
    let PreviewBody { kind, channel, locale, settings } = body.value;
    let settings = match &settings {
        None => Settings::clone(principal.tenant.settings()),
        Some(patch) => {
            let (_, tried) = Settings::overlay(&principal.tenant.state.document, patch)
                .map_err(|error| EngineError::from(TenantRefusal::from(error)))?;
            tried
        }
    };
    let wanted = Preview { kind: &kind, channel: channel.into(), locale: locale.as_deref() };
    let seen = app.engine.outbound().preview(&settings, &wanted);
    let seen = seen.map_err(|problem| Problem::invalid("templates", problem))?;
    let chars = seen.text.chars().count();
    let body = PreviewedBody { subject: seen.subject, text: seen.text, html: seen.html, chars };
    Ok(json(StatusCode::OK, &body))
}
