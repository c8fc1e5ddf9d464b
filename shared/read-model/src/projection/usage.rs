//! Figures of deliveries: what each message adds to those of the hour in which it was requested.
//!
//! The figures are a sum over the messages as they are now, so it does not matter in which order reports came in, and the
//! use of a code counts for the hour of its message: that is what a conversion rate is made of.

use std::collections::BTreeMap;

use super::working_set::hour;
use crate::rows::{DeliveryRow, DeliveryStatus, UsageCounts, UsageKey};

/// Hours for which figures are kept, counted back from the newest hour of the log: 40 days.
pub const USAGE_HOURS: i64 = 40 * 24;

/// Figures, or changes of figures.
pub type Usage = BTreeMap<UsageKey, UsageCounts>;

/// What a message adds, and where.
pub(super) fn share_of(row: &DeliveryRow) -> (UsageKey, UsageCounts) {
    let key = UsageKey {
        hour: hour(row.requested_at),
        tenant: row.tenant.clone(),
        mode: row.mode.name(),
        channel: row.channel.name(),
        provider: row.provider.clone().unwrap_or_default(),
        country: row.country.clone().unwrap_or_default(),
        prefix: row.prefix.clone().unwrap_or_default(),
    };
    let taken = row.accepted_at.map(|at| at.as_millis().saturating_sub(row.requested_at.as_millis()));
    let counts = UsageCounts {
        requested: 1,
        accepted: taken.is_some().into(),
        delivered: row.delivered_at.is_some().into(),
        bounced: (row.status == DeliveryStatus::Bounced).into(),
        dead: (row.status == DeliveryStatus::Dead).into(),
        expired: (row.status == DeliveryStatus::Expired).into(),
        used: row.used_at.is_some().into(),
        // Clocks of two machines may differ.
        latency_ms: taken.unwrap_or(0).max(0),
    };
    (key, counts)
}

/// Notes that a message's share has changed; none before: it is new.
pub(super) fn note(usage: &mut Usage, before: Option<(UsageKey, UsageCounts)>, after: (UsageKey, UsageCounts)) {
    if before.as_ref() == Some(&after) {
        return;
    }
    if let Some((key, counts)) = before {
        usage.entry(key).or_default().add(&counts, -1);
    }
    usage.entry(after.0).or_default().add(&after.1, 1);
}

/// Leaves out what is too old to be kept, and what has come to nothing.
pub(crate) fn settle(usage: &mut Usage, newest_hour: Option<i64>) {
    let oldest = newest_hour.map_or(i64::MIN, |newest| newest.saturating_sub(USAGE_HOURS));
    usage.retain(|key, counts| key.hour >= oldest && !counts.is_zero());
}
