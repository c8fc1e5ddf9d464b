//! Making a code to be sent: channel, destination and resend interval (C5, C23).

use super::{DeliveryRequest, MessageKind};
use crate::settings::DestinationSource;
use crate::user::command::Command;
use crate::user::event::{Destination, DestinationRef, IssuedCode, Purpose};
use crate::user::gate::ensure_unlocked;
use crate::user::refusal::Refusal;
use crate::user::state::User;
use crate::{Channel, FactorKind, Method};

/// Whether the tenant can send on the channel.
pub(super) fn channel_ready(command: &Command<'_>, channel: Channel) -> Result<(), Refusal> {
    let ready = match channel {
        Channel::Email => command.channels.email,
        Channel::Sms => command.channels.sms,
    };
    if ready { Ok(()) } else { Err(Refusal::ChannelNotConfigured(channel)) }
}

/// A code that replaces whatever was sent for this purpose before, and the request to send it.
pub(super) fn issue(
    user: &User,
    command: &Command<'_>,
    (method, channel): (Method, Channel),
    destination: &Destination,
    purpose: Purpose,
    reference: &str,
) -> Result<(IssuedCode, DeliveryRequest), Refusal> {
    channel_ready(command, channel)?;
    let now = user.monotone(command.now);
    // What could not be tried is not sent.
    ensure_unlocked(user, FactorKind::from(method), now)?;
    let codes = &command.settings.codes;
    if let Some(last) = user.last_code_at.of(purpose) {
        let at = last.plus_secs(u64::from(codes.resend_after_secs));
        if now < at {
            return Err(Refusal::ResendTooSoon { at });
        }
    }
    let code = IssuedCode {
        message: command.fresh.message.clone(),
        nonce: command.fresh.nonce,
        method,
        destination: destination.fingerprint,
        issued_at: now,
        expires_at: now.plus_secs(u64::from(codes.ttl_secs)),
        digits: codes.digits,
    };
    let delivery = DeliveryRequest {
        message: code.message.clone(),
        channel,
        destination: destination.clone(),
        kind: MessageKind::Code { purpose, reference: reference.to_owned(), nonce: code.nonce, digits: code.digits },
        expires_at: code.expires_at,
    };
    Ok((code, delivery))
}

/// Where the codes of a new factor will go, as the tenant wants it.
pub(super) fn choose_destination(
    user: &User,
    command: &Command<'_>,
    method: Method,
    entered: Option<&Destination>,
) -> Result<DestinationRef, Refusal> {
    let registered =
        || user.registered(method).map(|_| DestinationRef::Registered).ok_or(Refusal::DestinationNotRegistered(method));
    match (command.settings.destination.source, entered) {
        (DestinationSource::Registered | DestinationSource::Either, None) => registered(),
        (DestinationSource::Registered, Some(given)) => {
            // Naming the registered one again is harmless; naming another is not.
            let same = user.registered(method).is_some_and(|d| d.fingerprint == given.fingerprint);
            if same { registered() } else { Err(Refusal::DestinationNotAllowed(method)) }
        }
        (DestinationSource::Entered, None) => Err(Refusal::DestinationRequired(method)),
        (DestinationSource::Entered | DestinationSource::Either, Some(given)) => {
            Ok(DestinationRef::Entered(given.clone()))
        }
    }
}
