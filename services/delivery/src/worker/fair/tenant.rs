//! One tenant's place in a channel.

use std::collections::BTreeSet;

use super::pace::{Appointments, Pace};
use super::{Limits, WEIGHT};
use twofold_domain::TenantId;

/// What a tag grows by for a tenant of weight 1.
const STRIDE: u64 = 1 << 24;

#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) weight: u16,
    /// Where its next attempt stands in virtual time.
    pub(super) tag: u64,
    /// What could be sent now: last call and number.
    pub(super) ready: BTreeSet<(i64, u64)>,
    /// All that waits, for whatever reason.
    pub(super) waiting: usize,
    /// Of all that waits or is under way: how many are kept whole.
    pub(super) kept: usize,
    pub(super) in_flight: usize,
    /// Found at its cap; looked at again when one of its attempts ends.
    pub(super) capped: bool,
    pub(super) pace: Pace,
    pub(super) appointments: Appointments,
}

/// Which queue of tenants one belongs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// Has something to send and nothing under way.
    Fresh,
    /// Has both.
    Busy,
    /// Cannot have a turn now.
    Out,
}

impl Tenant {
    pub(super) fn new(id: TenantId) -> Self {
        Self {
            id,
            weight: WEIGHT,
            tag: 0,
            ready: BTreeSet::new(),
            waiting: 0,
            kept: 0,
            in_flight: 0,
            capped: false,
            pace: Pace::default(),
            appointments: Appointments::default(),
        }
    }

    pub(super) fn stand(&self) -> Stand {
        if self.ready.is_empty() || self.capped {
            Stand::Out
        } else if self.in_flight == 0 {
            Stand::Fresh
        } else {
            Stand::Busy
        }
    }

    /// Whether it wants places, or has some.
    pub(super) fn competes(&self) -> bool {
        !self.ready.is_empty() || self.in_flight > 0
    }

    /// Whether there is nothing to remember of it.
    pub(super) fn is_gone(&self, now_ms: u64) -> bool {
        self.waiting == 0 && self.in_flight == 0 && !self.appointments.pending(now_ms)
    }

    pub(super) fn is_at_cap(&self, limits: Limits, all: u64) -> bool {
        self.in_flight >= limits.cap(self.weight, all)
    }

    /// One attempt is charged.
    pub(super) fn charge(&mut self) {
        self.tag += STRIDE / u64::from(self.weight.max(1));
        self.in_flight += 1;
    }
}
