//! The last look before an attempt: is the message still worth sending, where to, and what does it say?

use twofold_crypto::{DataKey, VaultError};
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::user::{MessageKind, User};
use twofold_domain::{Channel, PhoneNumber, Sealed, Timestamp};
use twofold_engine::{Engine, EngineError, Label, RenderRequest, RenderedMessage, TenantView, aad, code_of};

use super::outstanding::outstanding;
use super::request::Request;
use super::sender::Outgoing;
use super::texts;

/// With less than this left, in seconds, a message would arrive too late to be of use.
pub(super) const LAST_CALL_SECS: u64 = 20;

/// Why there is nothing to send now.
pub(super) enum NotNow {
    /// And never will be.
    Over(DeliveryEvent),
    /// Log or key store did not answer. Internal text.
    Unavailable(String),
}

/// When a message's last attempt may begin.
pub(super) const fn last_call(asked: &DeliveryRequested) -> Timestamp {
    Timestamp(asked.expires_at.as_millis().saturating_sub((LAST_CALL_SECS * 1000).cast_signed()))
}

/// Looks at the user as he is now. `attempts` is how many were made before.
pub(super) async fn examine(
    engine: &Engine,
    request: &Request,
    tenant: &TenantView,
    attempts: u32,
) -> Result<Outgoing, NotNow> {
    let asked = &request.asked;
    let dead =
        |cause: &str| NotNow::Over(DeliveryEvent::Dead { attempt: attempts, cause: cause.to_owned(), provider: None });
    let subject = engine.subject_of(&request.tenant, &asked.user);
    let user = match engine.current(&subject).await {
        Ok(loaded) => loaded.user,
        Err(EngineError::Integrity(_)) => return Err(dead("user_unreadable")),
        Err(error) => return Err(NotNow::Unavailable(error.to_string())),
    };
    if user.erased {
        // Another process destroyed the key; ours must not outlive it.
        engine.vault().forget(&request.tenant, &asked.user);
        return Err(dead("erased"));
    }
    let now = user.monotone(engine.clock().now());
    if now >= last_call(asked) {
        return Err(NotNow::Over(DeliveryEvent::Expired { attempt: attempts }));
    }
    let issued = outstanding(&user, asked, now);
    if matches!(asked.kind, MessageKind::Code { .. }) && issued.is_none() {
        return Err(NotNow::Over(DeliveryEvent::Superseded));
    }
    let key = engine.vault().existing(&request.tenant, &asked.user).await.map_err(|error| match error {
        VaultError::Destroyed => dead("erased"),
        VaultError::Absent => dead("key_missing"),
        VaultError::Corrupt(_) => dead("key_unreadable"),
        VaultError::Unavailable(error) => NotNow::Unavailable(error.to_string()),
    })?;
    // Again, for what the text and the provider are told of the time left: the key store may have taken some.
    let now = user.monotone(engine.clock().now());
    let code = match (&asked.kind, issued) {
        (MessageKind::Code { purpose, reference, .. }, Some(issued)) => {
            Some(code_of(&key, issued, *purpose, reference))
        }
        (MessageKind::Code { .. } | MessageKind::Notice(_), _) => None,
    };
    let open = |label, sealed| open(&key, label, request, sealed);
    let label = match asked.channel {
        Channel::Email => Label::Email,
        Channel::Sms => Label::Phone,
    };
    let to = open(label, &asked.destination.sealed).ok_or_else(|| dead("destination_unreadable"))?;
    let user_label = user.profile.as_ref().and_then(|p| open(Label::PanelId, &p.panel_id)).unwrap_or_default();
    let writing = RenderRequest {
        channel: asked.channel,
        kind: &asked.kind,
        code: code.as_ref().map(twofold_crypto::OneTimeCode::expose),
        locale: asked.locale.as_deref(),
        user_label: &user_label,
        at: request.at,
        expires_at: asked.expires_at,
    };
    let text = write_out(engine, tenant, &user, &writing, now).ok_or_else(|| dead("text_unusable"))?;
    let region = match asked.channel {
        Channel::Email => None,
        // Of before a rule of the number library changed, perhaps: it goes out as it is, to no country.
        Channel::Sms => PhoneNumber::parse(&to, None).ok().map(|number| number.region()),
    };
    Ok(Outgoing {
        id: asked.message.clone(),
        to,
        text,
        now,
        expires_at: asked.expires_at,
        has_code: code.is_some(),
        region,
        status_callback: None,
    })
}

/// A tenant's text that fails gives way to the built-in one: a plain code is better than none.
fn write_out(
    engine: &Engine,
    tenant: &TenantView,
    user: &User,
    writing: &RenderRequest<'_>,
    now: Timestamp,
) -> Option<RenderedMessage> {
    let account = user.profile.as_ref().and_then(|p| p.account.as_ref()).map(|a| &a.id);
    let settings = engine.directory().settings_for(tenant, account);
    let own = texts::write_out(&settings, writing, now);
    own.or_else(|error| {
        tracing::warn!(tenant = %tenant.id, error, "a tenant's template fails; the built-in text is sent");
        texts::write_out_built_in(&settings, writing, now)
    })
    .ok()
}

fn open(key: &DataKey, label: Label, request: &Request, sealed: &Sealed) -> Option<String> {
    let aad = aad(label, request.tenant.as_str(), request.asked.user.as_str());
    let clear = key.open(&aad, sealed).ok()?;
    String::from_utf8(clear.to_vec()).ok()
}
