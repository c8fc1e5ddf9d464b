//! Very many messages at once, written into the log as the engine would write them, and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;
use twofold_crypto::{KeyStore, Keyring, Lookup, MasterKey, StoreFuture};
use twofold_delivery::worker::WorkerConfig;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::user::{MessageKind, NoticeKind};
use twofold_domain::{CommitId, KeyedHash, MessageId, Mode, TenantId};
use twofold_engine::Chain;
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{Append, Category, Expected, MAX_GROUP_COMMITS, NewCommit, Seq, Stored, Subject, WorkQueue};
use twofold_test_support::SmtpSink;

use super::house::House;
use super::panel::Panel;
use super::queue::MemoryQueue;

/// A tenant with one user, and a request of his that the others are made from.
pub struct Storm {
    pub tenant: TenantId,
    template: DeliveryRequested,
    meta: Meta,
    made: u64,
}

impl Storm {
    pub async fn new(house: &House, name: &str) -> Self {
        let panel =
            Panel::with(&house.engine().await, name, json!({ "notices": { "enabled": false } }), Mode::Live).await;
        panel.newcomer("ada").await;
        let first = all(house, Category::Delivery).await.pop().expect("a request");
        let decoded = wire::decode(&first.subject, &first.payload).expect("readable");
        let (tenant, mut template) = house.requests().await.pop().expect("a request");
        // News are sent whatever the user does meanwhile.
        template.kind = MessageKind::Notice(NoticeKind::TwoFactorEnabled);
        Self { tenant, template, meta: decoded.meta, made: 0 }
    }

    /// Asks for so many messages, each as if to an address of its own.
    pub async fn rage(&mut self, house: &House, count: u64) {
        let master = MasterKey::from_text(&"0123456789abcdef".repeat(4)).expect("key");
        let keyring = Keyring::new(&master);
        let mut commits = Vec::new();
        let whose = self.tenant.as_str().as_bytes();
        for n in self.made..self.made + count {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            bytes[8..].copy_from_slice(&whose[whose.len() - 8..]);
            let mut fingerprint = [0; 32];
            fingerprint[..8].copy_from_slice(&n.to_be_bytes());
            let mut asked = self.template.clone();
            asked.message = MessageId::from_bytes(bytes);
            asked.destination.fingerprint = KeyedHash::new(fingerprint);
            let subject = Subject::delivery(asked.channel, &self.tenant, &asked.message);
            let (id, body) =
                (CommitId::from_bytes(bytes), wire::encode_delivery(&self.meta, &[DeliveryEvent::Requested(asked)]));
            let (payload, _) = Chain::start().seal(&keyring, &subject, &id, body);
            commits.push(NewCommit { subject, expected: Some(Expected::NoStream), id, payload });
        }
        for group in commits.chunks(MAX_GROUP_COMMITS) {
            house.log.append(Append { commits: group.to_vec() }).await.expect("appended");
        }
        self.made += count;
    }
}

/// A whole category, oldest first.
pub async fn all(house: &House, category: Category) -> Vec<Stored> {
    let (mut all, mut after) = (Vec::new(), Seq::ZERO);
    loop {
        let page = house.log.read_category(category, after, 1000).await.expect("readable");
        let Some(last) = page.last() else { return all };
        after = last.seq;
        all.extend(page);
    }
}

/// The tenants of the messages that ended, in the order in which their ends were written down.
pub async fn ends(house: &House) -> Vec<TenantId> {
    let final_one = |stored: &Stored| {
        let events = wire::decode(&stored.subject, &stored.payload).expect("readable").events;
        events.iter().any(|event| matches!(event, wire::Event::Delivery(event) if event.is_final()))
    };
    let stored = all(house, Category::Ledger).await;
    stored.iter().filter(|stored| final_one(stored)).filter_map(|stored| stored.subject.tenant_id()).collect()
}

/// How often each event stands in the ledger; every message has exactly one end.
pub async fn outcomes(house: &House) -> BTreeMap<&'static str, usize> {
    let (mut counts, mut ended) = (BTreeMap::new(), BTreeSet::new());
    for stored in all(house, Category::Ledger).await {
        for event in wire::decode(&stored.subject, &stored.payload).expect("readable").events {
            let wire::Event::Delivery(event) = event else { panic!("of a delivery") };
            if matches!(event, DeliveryEvent::HandingOver { .. }) {
                continue;
            }
            *counts.entry(event.name()).or_default() += 1;
            assert!(!event.is_final() || ended.insert(stored.subject.clone()), "two ends of {}", stored.subject);
        }
    }
    counts
}

/// How often each message arrived.
pub fn arrivals(sink: &SmtpSink) -> BTreeMap<String, usize> {
    let mut arrivals = BTreeMap::new();
    for mail in sink.messages().expect("messages") {
        let id = mail.headers().into_iter().find(|(name, _)| name == "Message-ID").expect("an id").1;
        *arrivals.entry(id).or_default() += 1;
    }
    arrivals
}

/// Where a worker's messages come from.
pub enum From {
    Log,
    Queue(Arc<MemoryQueue>),
}

impl From {
    pub fn config(&self, house: &House) -> WorkerConfig {
        match self {
            Self::Log => house.config(),
            Self::Queue(queue) => house.config().from_queue(Arc::<MemoryQueue>::clone(queue) as Arc<dyn WorkQueue>),
        }
    }
}

/// A key store that answers nobody before it is told to: until then every attempt stands still.
#[derive(Debug)]
pub struct Gate {
    pub inner: Arc<dyn KeyStore>,
    pub open: watch::Sender<bool>,
}

impl Gate {
    pub fn before(inner: &Arc<dyn KeyStore>) -> Arc<Self> {
        Arc::new(Self { inner: Arc::clone(inner), open: watch::Sender::new(false) })
    }
}

impl KeyStore for Gate {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            self.open.subscribe().wait_for(|open| *open).await.expect("alive");
            self.inner.get(owner).await
        })
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        self.inner.put_if_absent(owner, wrapped)
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        self.inner.replace(owner, old, new)
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        self.inner.destroy(owner)
    }
}
