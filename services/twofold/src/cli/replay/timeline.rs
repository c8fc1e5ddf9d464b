//! The events of one user, in the order of the log.

use serde_json::{Value, json};
use twofold_domain::actor::ActorKind;
use twofold_domain::user::UserEvent;
use twofold_domain::{TenantId, Timestamp, UserToken};
use twofold_engine::PrivateContext;
use twofold_event_log::{Seq, Subject, wire};
use twofold_read_model::projection::audit_details;

use super::super::narrate::sentence;
use super::super::unseal::private;
use crate::compose::Core;
use crate::failure::{Context as _, Failure};

const PAGE: usize = 500;

/// One event.
#[derive(Debug)]
pub struct Entry {
    position: Seq,
    at: Timestamp,
    actor: ActorKind,
    request_id: Option<String>,
    /// Who exactly, why, and from where; empty once the user was erased.
    private: PrivateContext,
    event: UserEvent,
}

/// Every event up to a position that was folded before, so that it is known to be sound.
pub async fn read(
    core: &Core,
    tenant: &TenantId,
    user: &UserToken,
    subject: &Subject,
    head: Option<Seq>,
) -> Result<Vec<Entry>, Failure> {
    let head = head.unwrap_or(Seq::ZERO);
    let mut entries = Vec::new();
    let mut after = Seq::ZERO;
    while after < head {
        let page = core.log.read_subject(subject, after, PAGE).await.context("the log cannot be read")?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for stored in page.iter().filter(|stored| stored.seq <= head) {
            let (meta, events, _) = wire::decode_user(&stored.payload).context("the log cannot be read")?;
            let private = private(core, tenant, Some(user), meta.private.as_ref()).await?;
            let entry = |event| Entry {
                position: stored.seq,
                at: meta.at,
                actor: meta.actor,
                request_id: meta.request_id.clone(),
                private: private.clone(),
                event,
            };
            entries.extend(events.into_iter().map(entry));
        }
    }
    Ok(entries)
}

impl Entry {
    /// For people.
    pub fn line(&self) -> String {
        let who = self.private.actor_id.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
        let why = self.private.reason.as_deref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
        let from = self.private.ip.as_deref().map(|ip| format!(" [{ip}]")).unwrap_or_default();
        let actor = format!("{}{who}", self.actor.name());
        format!("{:>8}  {}  {actor:13}  {}{why}{from}", self.position, self.at.to_rfc3339(), sentence(&self.event))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "position": self.position.0,
            "at": self.at.to_rfc3339(),
            "actor": self.actor.name(),
            "actor_id": self.private.actor_id,
            "reason": self.private.reason,
            "ip": self.private.ip,
            "user_agent": self.private.user_agent,
            "request_id": self.request_id,
            "kind": self.event.name(),
            "text": sentence(&self.event),
            "details": audit_details(&self.event),
        })
    }
}
