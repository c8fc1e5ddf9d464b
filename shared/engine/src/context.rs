//! Who asks, as the panel reports it. Recorded with every event; what is personal is sealed.

use serde::{Deserialize, Serialize};
use twofold_domain::PanelId;
use twofold_domain::actor::ActorKind;

/// The actor as the panel names him.
#[derive(Debug, Clone)]
pub struct ActorInput {
    /// Kind.
    pub kind: ActorKind,
    /// The panel's own id of him. Mandatory for an account administrator.
    pub id: Option<PanelId>,
}

/// Everything about a request that goes into the audit trail.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Who.
    pub actor: ActorInput,
    /// Why. Mandatory for support.
    pub reason: Option<String>,
    /// Id of the request: the panel's own, or ours.
    pub request_id: Option<String>,
    /// The end user's address, as the panel saw it.
    pub ip: Option<String>,
    /// The end user's browser, as the panel saw it.
    pub user_agent: Option<String>,
}

impl RequestContext {
    /// A request of the panel itself or of Twofold.
    pub const fn system() -> Self {
        Self {
            actor: ActorInput { kind: ActorKind::System, id: None },
            reason: None,
            request_id: None,
            ip: None,
            user_agent: None,
        }
    }

    pub(crate) fn has_reason(&self) -> bool {
        self.reason.as_deref().is_some_and(|r| !r.trim().is_empty())
    }

    pub(crate) fn private(&self) -> Option<PrivateContext> {
        let private = PrivateContext {
            actor_id: self.actor.id.as_ref().map(|id| id.as_str().to_owned()),
            reason: self.reason.clone(),
            ip: self.ip.clone(),
            user_agent: self.user_agent.clone(),
        };
        (private != PrivateContext::default()).then_some(private)
    }
}

/// The personal part of the context, sealed in the event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrivateContext {
    /// The panel's own id of the actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}
