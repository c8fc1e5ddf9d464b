//! Who acts, as the panel reports it.

use serde::Deserialize;
use twofold_domain::PanelId;
use twofold_domain::actor::ActorKind;
use twofold_engine::{ActorInput, Caller, Principal, RequestContext};
use utoipa::ToSchema;

use super::params::panel_id;
use super::problem::{Problem, Result};
use super::request_id::RequestId;

const MAX_REASON_CHARS: usize = 500;
const MAX_USER_AGENT_CHARS: usize = 512;

/// Kind of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorType {
    /// The owner of the second factor.
    User,
    /// An administrator of the same account; `id` is his own user id in the panel.
    AccountAdmin,
    /// The provider's support; a reason is mandatory.
    Support,
    /// The panel itself.
    System,
}

/// Who acts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActorBody {
    /// Kind.
    #[serde(rename = "type")]
    pub kind: ActorType,
    /// The panel's own id of the actor. Mandatory for an account administrator.
    #[serde(default)]
    pub id: Option<String>,
}

/// The end user's side of the request, as the panel saw it. Sealed in the audit trail.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientBody {
    /// IPv4 or IPv6 address.
    #[serde(default)]
    #[schema(example = "203.0.113.7")]
    pub ip: Option<String>,
    /// User-Agent header. Cut at 512 characters.
    #[serde(default)]
    pub user_agent: Option<String>,
}

/// Actor, reason and client of a body.
#[derive(Debug, Default)]
pub struct Origin {
    /// Who.
    pub actor: Option<ActorBody>,
    /// Why.
    pub reason: Option<String>,
    /// From where.
    pub client: Option<ClientBody>,
}

impl Origin {
    /// The caller, with `default` as actor when the body names none.
    pub fn caller(self, principal: Principal, request_id: &RequestId, default: ActorKind) -> Result<Caller> {
        let Principal { tenant, mode, .. } = principal;
        Ok(Caller { tenant, mode, context: self.context(request_id, default)? })
    }

    /// The context alone.
    pub fn context(self, request_id: &RequestId, default: ActorKind) -> Result<RequestContext> {
        let actor = match self.actor {
            None => ActorInput { kind: default, id: None },
            Some(actor) => ActorInput { kind: kind_of(actor.kind), id: actor_id(actor.id)? },
        };
        let client = self.client.unwrap_or_default();
        Ok(RequestContext {
            actor,
            reason: self.reason.map(reason).transpose()?,
            request_id: Some(request_id.0.to_string()),
            ip: client.ip.map(|ip| address(&ip)).transpose()?,
            user_agent: client.user_agent.map(|text| tame(&text)),
        })
    }
}

const fn kind_of(kind: ActorType) -> ActorKind {
    match kind {
        ActorType::User => ActorKind::User,
        ActorType::AccountAdmin => ActorKind::AccountAdmin,
        ActorType::Support => ActorKind::Support,
        ActorType::System => ActorKind::System,
    }
}

fn actor_id(id: Option<String>) -> Result<Option<PanelId>> {
    id.map(|id| panel_id("actor.id", &id)).transpose()
}

fn reason(text: String) -> Result<String> {
    let bad = text.chars().count() > MAX_REASON_CHARS
        || text.chars().any(char::is_control)
        || text.contains(['\u{2028}', '\u{2029}']);
    if bad { Err(Problem::invalid("reason", "at most 500 printable characters on one line")) } else { Ok(text) }
}

fn address(text: &str) -> Result<String> {
    let parsed: std::net::IpAddr =
        text.trim().parse().map_err(|_| Problem::invalid("client.ip", "an IPv4 or IPv6 address, nothing else"))?;
    Ok(parsed.to_string())
}

/// A browser may say anything of itself and must still be able to log in: cut and cleaned, never refused (C27).
fn tame(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .take(MAX_USER_AGENT_CHARS)
        .collect()
}
