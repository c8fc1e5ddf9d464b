//! Whether a callback comes from the provider it claims to come from. Answered before the log is looked at.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use twofold_domain::{Channel, TenantId};
use twofold_engine::{Callback, CallbackKind, CallbackNews, TenantView};

use crate::app::App;
use crate::http::{Problem, Result};

/// Largest callback, in bytes; Twilio's are some hundred (C26).
const BODY_MAX: usize = 16 * 1024;
/// A SHA-1 tag in base64.
const SIGNATURE_CHARS: usize = 28;

/// `{tenant}`, `{provider}` and, of a status, `{message}` of a path.
#[derive(Deserialize)]
struct CallbackPath {
    tenant: String,
    provider: String,
    #[serde(default)]
    message: String,
}

/// A callback that somebody with the account's token signed for this address.
pub(super) struct Genuine {
    pub(super) tenant: Arc<TenantView>,
    pub(super) provider: String,
    /// As it was written; empty at an address without one.
    pub(super) message: String,
    pub(super) news: CallbackNews,
}

/// One answer for whatever is not proved: a stranger learns neither which tenants there are nor what was wrong.
pub(super) fn refused() -> Problem {
    Problem::forbidden(
        "callback_refused",
        "this is no callback of a configured provider, or its signature is not right",
    )
}

/// Reads and checks a callback; the cheapest doubts first.
pub(super) async fn genuine(app: &App, kind: CallbackKind, request: Request) -> Result<Genuine> {
    let (mut parts, body) = request.into_parts();
    let signature = signature(&parts).ok_or_else(refused)?;
    let public = app.config.public_url.as_deref().ok_or_else(refused)?;
    let Path(path) = Path::<CallbackPath>::from_request_parts(&mut parts, app).await.map_err(|_| refused())?;
    let tenant = TenantId::parse(&path.tenant).map_err(|_| refused())?;
    // A token that was changed meanwhile would still look right here.
    if app.engine.directory_status().borrow().is_stale() {
        return Err(Problem::unavailable("the event log cannot be reached, so no callback can be checked; try again"));
    }
    let tenant = app.engine.directory().tenant(&tenant).ok_or_else(refused)?;
    let body = axum::body::to_bytes(body, BODY_MAX).await.map_err(|_| {
        let detail = format!("a callback is at most {BODY_MAX} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail)
    })?;
    // The request's own host says what the nearest proxy says; the signature was made over the public address.
    let called = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |called| called.as_str());
    let url = format!("{public}{called}");
    let config = app.engine.channel_config(&tenant, Channel::Sms).await?;
    let callback = Callback { kind, url: &url, signature: &signature, body: &body };
    let read = app.engine.outbound().read_callback(config.as_ref(), &path.provider, &callback);
    let news = read.ok_or_else(refused)?;
    Ok(Genuine { tenant, provider: path.provider, message: path.message, news })
}

/// The one signature of the right length.
fn signature(parts: &Parts) -> Option<String> {
    let mut values = parts.headers.get_all("x-twilio-signature").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().filter(|text| text.len() == SIGNATURE_CHARS).map(str::to_owned)
}
