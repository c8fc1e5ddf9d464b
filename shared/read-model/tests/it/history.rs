//! A log being written.

use std::collections::HashMap;

use bytes::Bytes;
use twofold_domain::actor::ActorKind;
use twofold_domain::delivery::{DeliveryEvent, SuppressionEvent};
use twofold_domain::tenant::TenantEvent;
use twofold_domain::user::UserEvent;
use twofold_domain::{Channel, CommitId, KeyedHash, Timestamp};
use twofold_event_log::wire::{Meta, encode_delivery, encode_suppression, encode_tenant, encode_user, with_mac};
use twofold_event_log::{Append, EventLog, Expected, MemoryLog, NewCommit, Seq, Stored, Subject};

use crate::events::{bytes, message, sealed, tenant, user};

pub struct History {
    pub log: MemoryLog,
    pub next: u64,
    pub at: Timestamp,
    pub actor: ActorKind,
    pub actor_token: Option<u64>,
    pub request_id: Option<String>,
    last: HashMap<Subject, Seq>,
}

impl History {
    pub fn new() -> Self {
        Self {
            log: MemoryLog::new(),
            next: 0,
            at: Timestamp(1_790_000_000_000),
            actor: ActorKind::User,
            actor_token: None,
            request_id: None,
            last: HashMap::new(),
        }
    }

    fn meta(&self) -> Meta {
        Meta {
            at: self.at,
            actor: self.actor,
            actor_token: self.actor_token.map(user),
            request_id: self.request_id.clone(),
            private: self.next.is_multiple_of(2).then(sealed),
        }
    }

    pub async fn append(&mut self, subject: Subject, payload: Bytes) -> Seq {
        self.next += 1;
        let commit = NewCommit {
            expected: Some(self.last.get(&subject).map_or(Expected::NoStream, |seq| Expected::Exact(*seq))),
            subject: subject.clone(),
            id: CommitId::from_bytes(bytes(self.next)),
            payload,
        };
        let seq = self.log.append(Append::one(commit)).await.unwrap().seqs[0];
        self.last.insert(subject, seq);
        seq
    }

    pub async fn user(&mut self, of: u64, who: u64, events: &[UserEvent]) -> Seq {
        let payload = with_mac(encode_user(&self.meta(), events), &[0; 32]);
        self.append(Subject::user(0, &tenant(of), &user(who)), payload).await
    }

    pub async fn tenant(&mut self, of: u64, events: &[TenantEvent]) -> Seq {
        let payload = with_mac(encode_tenant(&self.meta(), events), &[0; 32]);
        self.append(Subject::tenant(&tenant(of)), payload).await
    }

    pub async fn request(&mut self, of: u64, n: u64, event: DeliveryEvent) -> Seq {
        let payload = with_mac(encode_delivery(&self.meta(), &[event]), &[0; 32]);
        self.append(Subject::delivery(Channel::Email, &tenant(of), &message(n)), payload).await
    }

    pub async fn ledger(&mut self, of: u64, n: u64, event: DeliveryEvent) -> Seq {
        let payload = with_mac(encode_delivery(&self.meta(), &[event]), &[0; 32]);
        self.append(Subject::ledger(&tenant(of), &message(n)), payload).await
    }

    pub async fn suppression(&mut self, of: u64, destination: u8, event: SuppressionEvent) -> Seq {
        let payload = with_mac(encode_suppression(&self.meta(), &[event]), &[0; 32]);
        let destination = KeyedHash::new([destination; 32]);
        self.append(Subject::suppression(&tenant(of), &destination), payload).await
    }

    pub async fn all(&self) -> Vec<Stored> {
        let mut commits: Vec<Stored> = Vec::new();
        loop {
            let after = commits.last().map_or(Seq::ZERO, |commit| commit.seq);
            let page = self.log.read_all(after, 1_000).await.unwrap();
            if page.is_empty() {
                return commits;
            }
            commits.extend(page);
        }
    }
}
