//! The events of one user, in the order of the log.

use serde_json::{Value, json};
use twofold_domain::Timestamp;
use twofold_domain::actor::ActorKind;
use twofold_domain::user::UserEvent;
use twofold_event_log::{EventLog, Seq, Subject, wire};
use twofold_read_model::projection::audit_details;

use super::super::narrate::sentence;
use crate::failure::{Context as _, Failure};

const PAGE: usize = 500;

/// One event.
#[derive(Debug)]
pub struct Entry {
    position: Seq,
    at: Timestamp,
    actor: ActorKind,
    request_id: Option<String>,
    event: UserEvent,
}

/// Every event up to a position that was folded before, so that it is known to be sound.
pub async fn read(log: &dyn EventLog, subject: &Subject, head: Option<Seq>) -> Result<Vec<Entry>, Failure> {
    let head = head.unwrap_or(Seq::ZERO);
    let mut entries = Vec::new();
    let mut after = Seq::ZERO;
    while after < head {
        let page = log.read_subject(subject, after, PAGE).await.context("the log cannot be read")?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for stored in page.iter().filter(|stored| stored.seq <= head) {
            let (meta, events, _) = wire::decode_user(&stored.payload).context("the log cannot be read")?;
            let entry = |event| Entry {
                position: stored.seq,
                at: meta.at,
                actor: meta.actor,
                request_id: meta.request_id.clone(),
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
        format!("{:>8}  {}  {:13}  {}", self.position, self.at.to_rfc3339(), self.actor.name(), sentence(&self.event))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "position": self.position.0,
            "at": self.at.to_rfc3339(),
            "actor": self.actor.name(),
            "request_id": self.request_id,
            "kind": self.event.name(),
            "text": sentence(&self.event),
            "details": audit_details(&self.event),
        })
    }
}
