//! What waits in a worker, for metrics, scaling and the operator's view.

use twofold_domain::{Channel, TenantId, Timestamp};

use super::yard::Yard;

/// Tenants named at most; the others are in the sums only.
const TENANTS_MAX: usize = 50;

/// One channel's waiting messages at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSnapshot {
    /// Which channel.
    pub channel: Channel,
    /// Messages waiting for an attempt, those between two attempts included.
    pub waiting: u64,
    /// Attempts that have a place now.
    pub in_flight: u64,
    /// Attempts ended in 1,000 seconds, at the pace of the last five to ten seconds.
    pub pace_per_1000_secs: u64,
    /// Time until the first of the waiting messages is too late to be sent (20 s before it expires), in milliseconds;
    /// negative when it is. None: nothing waits.
    pub min_slack_ms: Option<i64>,
    /// The least time that will be left to any of them when its turn comes at this pace, in milliseconds; negative: some
    /// will be too late, and more workers would help. The first 20,000 are looked at.
    pub foreseen_slack_ms: Option<i64>,
    /// The tenants with the most waiting messages, at most 50.
    pub tenants: Vec<TenantQueue>,
}

/// One tenant's part of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantQueue {
    /// Whose.
    pub tenant: TenantId,
    /// Messages waiting for an attempt.
    pub waiting: u64,
    /// Attempts under way.
    pub in_flight: u64,
}

pub(super) fn queues(yard: &Yard, now: Timestamp) -> Vec<QueueSnapshot> {
    [Channel::Email, Channel::Sms].map(|channel| queue(yard, channel, now)).into()
}

fn queue(yard: &Yard, channel: Channel, now: Timestamp) -> QueueSnapshot {
    let numbers = yard.numbers(channel, now, TENANTS_MAX);
    let row = |(tenant, waiting, in_flight)| TenantQueue { tenant, waiting, in_flight };
    QueueSnapshot {
        channel,
        waiting: numbers.waiting,
        in_flight: numbers.in_flight,
        pace_per_1000_secs: numbers.pace_per_1000_secs,
        min_slack_ms: numbers.slack_ms,
        foreseen_slack_ms: numbers.foreseen_slack_ms,
        tenants: numbers.tenants.into_iter().map(row).collect(),
    }
}
