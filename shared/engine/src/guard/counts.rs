//! What the guard did, for metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use twofold_domain::Channel;
use twofold_domain::sending::WithheldReason;

/// Numbers since the start of the process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuardCounts {
    /// Messages held back, by reason.
    pub withheld: BTreeMap<WithheldReason, u64>,
    /// Messages let through uncounted, because the store of usage did not answer.
    pub uncounted: u64,
    /// Text messages refused for the same reason.
    pub unknown: u64,
    /// Budgets that reached the share at which the tenant is warned.
    pub budget_warnings: BTreeMap<Channel, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    withheld: Mutex<BTreeMap<WithheldReason, u64>>,
    budget_warnings: Mutex<BTreeMap<Channel, u64>>,
    uncounted: AtomicU64,
    unknown: AtomicU64,
}

impl Tally {
    pub fn withheld(&self, reason: WithheldReason) {
        *self.withheld.lock().entry(reason).or_default() += 1;
    }

    pub fn budget_warning(&self, channel: Channel) {
        *self.budget_warnings.lock().entry(channel).or_default() += 1;
    }

    pub fn uncounted(&self) {
        self.uncounted.fetch_add(1, Ordering::Relaxed);
    }

    pub fn unknown(&self) {
        self.unknown.fetch_add(1, Ordering::Relaxed);
    }

    pub fn now(&self) -> GuardCounts {
        GuardCounts {
            withheld: self.withheld.lock().clone(),
            uncounted: self.uncounted.load(Ordering::Relaxed),
            unknown: self.unknown.load(Ordering::Relaxed),
            budget_warnings: self.budget_warnings.lock().clone(),
        }
    }
}
