//! What every payload says about itself besides its events.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use twofold_domain::actor::ActorKind;
use twofold_domain::{Sealed, Timestamp, UserToken};

use super::WireError;
use super::json::Object;
use super::mac::{SUFFIX_BYTES, find_mac};
use super::value::{In, names};

/// Who did it and when; one for all events of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// When it was decided.
    pub at: Timestamp,
    /// Who acted.
    pub actor: ActorKind,
    /// The acting user, when he is one of the tenant's.
    pub actor_token: Option<UserToken>,
    /// The request that led to it.
    pub request_id: Option<String>,
    /// JSON `{actor_id, ip, user_agent, reason}` under the user's (or tenant's) key.
    pub private: Option<Sealed>,
}

names! {
    ActorKind { User = "user", AccountAdmin = "account_admin", Support = "support", System = "system" }
}

/// Room for everything in a body with one ordinary event; more only costs another allocation.
const USUAL_BODY_BYTES: usize = 448;

impl Meta {
    /// A body up to and including the bracket that opens its events.
    pub(super) fn open_body(&self, events: usize) -> Vec<u8> {
        let private = self.private.as_ref().map_or(0, |sealed| sealed.as_bytes().len());
        let room = USUAL_BODY_BYTES + private.div_ceil(3) * 4 + events.saturating_sub(1) * 256 + SUFFIX_BYTES;
        let mut out = Vec::with_capacity(room);
        let mut object = Object::open(&mut out);
        object.field("at", &self.at);
        object.field("actor", &self.actor);
        object.field("actor_token", &self.actor_token);
        object.field("request_id", &self.request_id);
        object.field("private", &self.private);
        object.key("events");
        out.push(b'[');
        out
    }
}

/// A payload whose events are not looked into yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope<'a> {
    at: In<Timestamp>,
    actor: In<ActorKind>,
    actor_token: In<Option<UserToken>>,
    request_id: In<Option<String>>,
    private: In<Option<Sealed>>,
    #[serde(borrow)]
    pub(super) events: Vec<RawEvent<'a>>,
    // Taken from the payload's end instead; here it only has to be there once.
    #[serde(rename = "mac")]
    _mac: IgnoredAny,
}

/// One event as it is stored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvent<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(rename = "v")]
    pub(super) version: u32,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Result<(Self, [u8; 32]), WireError> {
        let (_, mac) = find_mac(payload)?;
        let text = std::str::from_utf8(payload).map_err(|_| WireError::Malformed("not UTF-8".to_owned()))?;
        let envelope = serde_json::from_str(text).map_err(|e| WireError::malformed("envelope", &e))?;
        Ok((envelope, mac))
    }

    pub(super) fn into_meta(self) -> Meta {
        Meta {
            at: self.at.0,
            actor: self.actor.0,
            actor_token: self.actor_token.0,
            request_id: self.request_id.0,
            private: self.private.0,
        }
    }
}
