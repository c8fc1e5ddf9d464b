//! `/v1/suppressions`: destinations that a tenant sends nothing to.
//!
//! A destination is always in a body and never in a path or query: those end up in the logs of every proxy (C29).

mod list;
mod lookup;
mod put;
mod release;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::settings::Settings;
use twofold_domain::{Channel, KeyedHash};
use twofold_engine::{Principal, Suppression, SuppressionChange};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::body::ChannelName;
use crate::http::{Problem, Result, json, written};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(list::routes()).merge(put::routes()).merge(lookup::routes()).merge(release::routes())
}

/// A destination and why nothing is sent to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionBody {
    /// Nothing is sent there.
    pub suppressed: bool,
    /// `email` or `sms`.
    pub channel: &'static str,
    /// `bounced`, `opted_out`, `complaint` or `manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The message that showed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Position of the destination's last change; 0 when there never was one.
    pub position: u64,
}

impl SuppressionBody {
    fn of(channel: Channel, now: Option<&Suppression>, position: u64) -> Self {
        Self {
            suppressed: now.is_some(),
            channel: channel.name(),
            cause: now.map(|listed| listed.cause.name()),
            since: now.map(|listed| listed.since.to_rfc3339()),
            message_id: now.and_then(|listed| listed.message.as_ref()).map(ToString::to_string),
            position,
        }
    }

    fn after(channel: Channel, change: &SuppressionChange) -> Response {
        let body = Self::of(channel, change.now.as_ref(), change.position.0);
        if change.changed { written(StatusCode::OK, &body, change.position) } else { json(StatusCode::OK, &body) }
    }
}

/// A destination as the panel writes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DestinationBody {
    /// `email` or `sms`.
    pub channel: ChannelName,
    /// The address, or the number, best as E.164 (`+447400123456`), or `destination` of the list.
    #[schema(example = "ada@example.net")]
    pub destination: String,
}

/// An address or number is on one list however it is written; or named as the list names it.
fn hash_of(app: &App, principal: &Principal, channel: Channel, destination: &str) -> Result<KeyedHash> {
    if let Some(listed) = listed_hash(destination) {
        return Ok(listed);
    }
    let normalised = normalised(principal.tenant.settings(), channel, destination)?;
    Ok(app.engine.keyring().destination_hash(&principal.tenant.id, &normalised))
}

/// What the list shows in the place of an address: 32 bytes in hexadecimal. No address or number looks like it.
fn listed_hash(text: &str) -> Option<KeyedHash> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0u8; 32];
    let pairs = text.as_bytes().chunks_exact(2);
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(KeyedHash::new(bytes))
}

fn normalised(settings: &Settings, channel: Channel, text: &str) -> Result<String> {
    match channel {
        Channel::Email => EmailAddress::parse(text)
            .map(|address| address.as_str().to_owned())
            .map_err(|error| Problem::invalid("destination", error.to_string())),
        Channel::Sms => PhoneNumber::parse(text, settings.sms.default_country.as_deref())
            .map(|number| number.e164().to_owned())
            .map_err(|error| Problem::invalid("destination", error.to_string())),
    }
}
