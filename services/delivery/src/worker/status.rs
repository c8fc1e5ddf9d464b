//! Numbers for readiness and metrics.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{MessageId, Timestamp};

use super::queues::{QueueSnapshot, queues};
use super::request::Request;
use super::tally::{Handoff, Tally, TallyKey};
use super::yard::Yard;

/// A worker's numbers, live. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct DeliveryStatus(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    accepted: AtomicU64,
    dead: AtomicU64,
    retried: AtomicU64,
    expired: AtomicU64,
    superseded: AtomicU64,
    captured: AtomicU64,
    unreadable: AtomicU64,
    in_flight: AtomicU64,
    recovered: AtomicBool,
    log_reachable: AtomicBool,
    open: Mutex<BTreeSet<(Timestamp, MessageId)>>,
    yard: OnceLock<Weak<Yard>>,
    tally: Tally,
}

/// The numbers at one moment. Counters count ledger entries since the process started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusSnapshot {
    /// Taken by a provider.
    pub accepted: u64,
    /// Given up.
    pub dead: u64,
    /// Attempts that failed and were or will be repeated.
    pub retried: u64,
    /// Out of time.
    pub expired: u64,
    /// Made pointless by something newer.
    pub superseded: u64,
    /// For the test inbox.
    pub captured: u64,
    /// Entries of the log that are forged, damaged, or of a newer version.
    pub unreadable: u64,
    /// Attempts under way.
    pub in_flight: u64,
    /// Messages not yet ended.
    pub open: u64,
    /// Age of the oldest of them, in milliseconds.
    pub oldest_age_ms: u64,
    /// Whether the messages left open by an earlier process have been taken up.
    pub recovered: bool,
    /// Whether the log answered when last asked.
    pub log_reachable: bool,
    /// What waits for an attempt, by channel; empty before the worker runs and after it.
    pub queues: Vec<QueueSnapshot>,
}

impl DeliveryStatus {
    /// The numbers now.
    pub fn snapshot(&self, now: Timestamp) -> StatusSnapshot {
        let n = &*self.0;
        let (open, oldest) = {
            let open = self.open();
            (open.len(), open.first().map(|(at, _)| *at))
        };
        let age_ms = oldest.map_or(0, |at| now.as_millis().saturating_sub(at.as_millis()));
        StatusSnapshot {
            accepted: n.accepted.load(Ordering::Relaxed),
            dead: n.dead.load(Ordering::Relaxed),
            retried: n.retried.load(Ordering::Relaxed),
            expired: n.expired.load(Ordering::Relaxed),
            superseded: n.superseded.load(Ordering::Relaxed),
            captured: n.captured.load(Ordering::Relaxed),
            unreadable: n.unreadable.load(Ordering::Relaxed),
            in_flight: n.in_flight.load(Ordering::Relaxed),
            open: open as u64,
            oldest_age_ms: u64::try_from(age_ms).unwrap_or(0),
            recovered: n.recovered.load(Ordering::Relaxed),
            log_reachable: n.log_reachable.load(Ordering::Relaxed),
            queues: n.yard.get().and_then(Weak::upgrade).map_or_else(Vec::new, |yard| queues(&yard, now)),
        }
    }

    pub(super) fn watch(&self, yard: &Arc<Yard>) {
        // A worker runs once.
        let _ = self.0.yard.set(Arc::downgrade(yard));
    }

    /// What became of messages since the process started, at most some 5,000 rows.
    pub fn tally(&self) -> Vec<(TallyKey, u64)> {
        self.0.tally.rows()
    }

    /// How long messages waited for a provider to take them, by channel.
    pub fn handoffs(&self) -> Vec<Handoff> {
        self.0.tally.handoffs()
    }

    pub(super) fn recorded(&self, request: &Request, event: &DeliveryEvent, now: Timestamp) {
        self.0.tally.note(request, event, now);
        let counter = match event {
            DeliveryEvent::Requested(_)
            | DeliveryEvent::HandingOver { .. }
            | DeliveryEvent::Delivered { .. }
            | DeliveryEvent::Bounced { .. }
            | DeliveryEvent::Redriven => return,
            DeliveryEvent::Retrying { .. } => &self.0.retried,
            DeliveryEvent::Accepted { .. } => &self.0.accepted,
            DeliveryEvent::Captured => &self.0.captured,
            DeliveryEvent::Dead { .. } => &self.0.dead,
            DeliveryEvent::Expired { .. } => &self.0.expired,
            DeliveryEvent::Superseded => &self.0.superseded,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unreadable(&self) {
        self.0.unreadable.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn set_recovered(&self) {
        self.0.recovered.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_log_reachable(&self, reachable: bool) {
        self.0.log_reachable.store(reachable, Ordering::Relaxed);
    }

    /// Counts a message as open until the guard is dropped; `None` when it is already.
    pub(super) fn opened(&self, at: Timestamp, message: &MessageId) -> Option<OpenGuard> {
        let key = (at, message.clone());
        let fresh = self.open().insert(key.clone());
        fresh.then(|| OpenGuard { status: self.clone(), key })
    }

    /// Counts an attempt as under way until the guard is dropped.
    pub(super) fn attempting(&self) -> FlightGuard {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        FlightGuard(self.clone())
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<(Timestamp, MessageId)>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(super) struct OpenGuard {
    status: DeliveryStatus,
    key: (Timestamp, MessageId),
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        self.status.open().remove(&self.key);
    }
}

#[derive(Debug)]
pub(super) struct FlightGuard(DeliveryStatus);

impl Drop for FlightGuard {
    fn drop(&mut self) {
        self.0.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
