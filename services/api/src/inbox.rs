//! The test inbox: a message to a test user, written out again from what the log holds. Nothing of it is kept anywhere.

use std::sync::Arc;

use twofold_crypto::CodeContext;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::settings::Settings;
use twofold_domain::user::MessageKind;
use twofold_domain::{Channel, Mode};
use twofold_engine::{Chain, EngineError, Label, RenderRequest, RenderedMessage, TenantView};
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Seq, Subject};
use twofold_read_model::DeliveryRow;

use crate::app::App;
use crate::http::Result;
use crate::routes::TestMessage;
use crate::unseal::Unsealer;

/// The message of a row.
///
/// # Errors
/// 503 when log or key store cannot be reached, or hold something that cannot be used.
pub async fn message(app: &App, tenant: &TenantView, row: &DeliveryRow) -> Result<TestMessage> {
    let request = requested(app, tenant, row).await?;
    let unsealer = Unsealer::of_user(&app.engine, &tenant.id, &row.user).await?;
    let known = app.store.user(&tenant.id, &row.user).await?;
    let account = known.as_ref().and_then(|user| user.account.as_ref());
    let settings = app.engine.directory().settings_for(tenant, account);
    let user =
        known.as_ref().and_then(|user| user.panel_id.as_ref()).and_then(|sealed| unsealer.text(Label::PanelId, sealed));
    let label = match row.channel {
        Channel::Email => Label::Email,
        Channel::Sms => Label::Phone,
    };
    let code = code(&unsealer, &request);
    let rendered = written_out(app, &settings, row, &request, code.as_deref(), user.as_deref());
    let (subject, text, html) = rendered.map_or((None, None, None), |made| (made.subject, Some(made.text), made.html));
    Ok(TestMessage {
        message_id: row.message.to_string(),
        user,
        channel: row.channel.name(),
        kind: kind(&request.kind).to_owned(),
        destination: unsealer.text(label, &request.destination.sealed),
        subject,
        text,
        html,
        code,
        requested_at: row.requested_at.to_rfc3339(),
        expires_at: request.expires_at.to_rfc3339(),
        status: row.status.name(),
    })
}

/// The request as the log has it. The row only says where; that it is a test message is checked again here.
async fn requested(app: &App, tenant: &TenantView, row: &DeliveryRow) -> Result<DeliveryRequested> {
    let unusable =
        || EngineError::Integrity(format!("position {} holds no delivery request of the test inbox", row.request_seq));
    let before = Seq(row.request_seq.0.saturating_sub(1));
    let found = app.engine.log().read_all(before, 1).await.map_err(EngineError::from)?;
    let subject = Subject::delivery(row.channel, &tenant.id, &row.message);
    let stored = found
        .into_iter()
        .find(|stored| stored.seq == row.request_seq && stored.subject == subject)
        .ok_or_else(unusable)?;
    Chain::start().check(app.engine.keyring(), &stored).map_err(|error| EngineError::Integrity(error.to_string()))?;
    let decoded =
        wire::decode(&stored.subject, &stored.payload).map_err(|error| EngineError::Integrity(error.to_string()))?;
    let request = decoded.events.into_iter().find_map(|event| match event {
        Event::Delivery(DeliveryEvent::Requested(request)) => Some(request),
        Event::Delivery(_) | Event::User(_) | Event::Tenant(_) | Event::Account(_) | Event::Suppression(_) => None,
    });
    Ok(request.filter(|request| request.mode == Mode::Test && request.user == row.user).ok_or_else(unusable)?)
}

const fn kind(kind: &MessageKind) -> &'static str {
    match kind {
        MessageKind::Code { purpose, .. } => purpose.name(),
        MessageKind::Notice(notice) => notice.name(),
    }
}

/// Derived once more, as it was to send it and will be to check it.
fn code(unsealer: &Unsealer, request: &DeliveryRequested) -> Option<String> {
    match &request.kind {
        MessageKind::Code { purpose, reference, nonce, digits } => {
            let context = CodeContext {
                purpose: purpose.name(),
                reference,
                destination: &request.destination.fingerprint,
                nonce: *nonce,
                digits: *digits,
            };
            Some(unsealer.key()?.code(&context).expose().to_owned())
        }
        MessageKind::Notice(_) => None,
    }
}

fn written_out(
    app: &App,
    settings: &Arc<Settings>,
    row: &DeliveryRow,
    request: &DeliveryRequested,
    code: Option<&str>,
    user: Option<&str>,
) -> Option<RenderedMessage> {
    let request = RenderRequest {
        channel: row.channel,
        kind: &request.kind,
        code,
        locale: request.locale.as_deref(),
        user_label: user.unwrap_or_default(),
        at: row.requested_at,
        expires_at: request.expires_at,
    };
    match app.engine.outbound().render(settings, &request) {
        Ok(made) => Some(made),
        Err(error) => {
            tracing::warn!(%error, "a test message cannot be written out");
            None
        }
    }
}
