//! Whether a callback comes from the provider it claims to come from. Answered before the log is looked at.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use twofold_domain::{Channel, TenantId};
use twofold_engine::{Callback, CallbackKind, CallbackNews, EngineError, TenantView};

use crate::app::App;
use crate::callbacks::{CallbackEnd, Source};
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
fn refused() -> Problem {
    Problem::forbidden(
        "callback_refused",
        "this is no callback of a configured provider, or its signature is not right",
    )
}

/// Why a callback is not believed, or cannot be checked now.
enum Doubt {
    Signature,
    Unknown,
    TooLarge,
    Later(Problem),
}

impl From<EngineError> for Doubt {
    fn from(error: EngineError) -> Self {
        Self::Later(error.into())
    }
}

/// Counts what a genuine callback led to.
pub(super) fn heard(app: &App, is_recorded: bool) -> StatusCode {
    let end = if is_recorded { CallbackEnd::Recorded } else { CallbackEnd::NothingNew };
    app.operations.metrics.callbacks().ended(end);
    StatusCode::NO_CONTENT
}

/// Reads and checks a callback; the cheapest doubts first. A source that was refused often is not even looked at.
pub(super) async fn genuine(app: &App, kind: CallbackKind, request: Request) -> Result<Genuine> {
    let (parts, body) = request.into_parts();
    let (source, now) = (Source::of(&parts), app.engine.clock().now());
    let counts = app.operations.metrics.callbacks();
    if let Some(secs) = source.and_then(|source| app.refused_callbacks().silence(source, now)) {
        counts.ended(CallbackEnd::Limited);
        return Err(silenced(secs));
    }
    let (end, problem) = match believed(app, kind, parts, body).await {
        Ok(genuine) => return Ok(genuine),
        Err(Doubt::Later(problem)) => return Err(problem),
        Err(Doubt::Signature) => (CallbackEnd::Signature, refused()),
        Err(Doubt::Unknown) => (CallbackEnd::Unknown, refused()),
        Err(Doubt::TooLarge) => (CallbackEnd::TooLarge, too_large()),
    };
    counts.ended(end);
    if let Some(source) = source {
        app.refused_callbacks().note(source, now);
    }
    Err(problem)
}

async fn believed(app: &App, kind: CallbackKind, mut parts: Parts, body: Body) -> std::result::Result<Genuine, Doubt> {
    let signature = signature(&parts).ok_or(Doubt::Signature)?;
    let public = app.config.public_url.as_deref().ok_or(Doubt::Unknown)?;
    let path = Path::<CallbackPath>::from_request_parts(&mut parts, app).await;
    let Path(path) = path.map_err(|_| Doubt::Unknown)?;
    let tenant = TenantId::parse(&path.tenant).map_err(|_| Doubt::Unknown)?;
    // A token that was changed meanwhile would still look right here.
    if app.engine.directory_status().borrow().is_stale() {
        let detail = "the event log cannot be reached, so no callback can be checked; try again";
        return Err(Doubt::Later(Problem::unavailable(detail)));
    }
    let tenant = app.engine.directory().tenant(&tenant).ok_or(Doubt::Unknown)?;
    let body = axum::body::to_bytes(body, BODY_MAX).await.map_err(|_| Doubt::TooLarge)?;
    // The request's own host says what the nearest proxy says; the signature was made over the public address.
    let called = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |called| called.as_str());
    let url = format!("{public}{called}");
    let config = app.engine.channel_config(&tenant, Channel::Sms).await?;
    let callback = Callback { kind, url: &url, signature: &signature, body: &body };
    let config = config.as_ref();
    if config.is_none() && !app.engine.outbound().has_default(Channel::Sms) {
        return Err(Doubt::Unknown);
    }
    let news = app.engine.outbound().read_callback(config, &path.provider, &callback).ok_or(Doubt::Signature)?;
    Ok(Genuine { tenant, provider: path.provider, message: path.message, news })
}

fn too_large() -> Problem {
    let detail = format!("a callback is at most {BODY_MAX} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail)
}

fn silenced(secs: u64) -> Problem {
    let detail = "too many callbacks from here were refused; none is looked at for the rest of the minute";
    let mut made = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_refused", "Too many refused", detail);
    made.retry_after = Some(secs);
    made
}

/// The one signature of the right length.
fn signature(parts: &Parts) -> Option<String> {
    let mut values = parts.headers.get_all("x-twilio-signature").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().filter(|text| text.len() == SIGNATURE_CHARS).map(str::to_owned)
}
