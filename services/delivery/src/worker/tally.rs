//! What became of messages, counted by tenant, provider and country, for metrics and the operator's view.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use twofold_domain::delivery::DeliveryEvent;
use twofold_domain::{Channel, TenantId, Timestamp};

use super::request::Request;

/// Rows kept (C26); what comes beyond them is counted in one row for each channel and outcome.
const ROWS_MAX: usize = 5000;
/// Upper bounds of the buckets of the hand-off time, in milliseconds.
pub const HANDOFF_BOUNDS_MS: [u64; 11] = [50, 100, 250, 500, 1000, 2000, 5000, 15_000, 60_000, 150_000, 300_000];

/// One kind of outcome of one tenant's messages by one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TallyKey {
    /// Whose; none: of tenants that found no room any more.
    pub tenant: Option<TenantId>,
    /// How.
    pub channel: Channel,
    /// By which provider; none where none was asked.
    pub provider: Option<String>,
    /// Where to, ISO 3166 alpha-2; none for mail and for what was not taken.
    pub country: Option<String>,
    /// `accepted`, `retried`, `dead`, `expired`, `superseded` or `captured`.
    pub outcome: &'static str,
}

/// For how long messages of a channel waited until a provider took them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff {
    /// Which channel.
    pub channel: Channel,
    /// Messages by [`HANDOFF_BOUNDS_MS`]; the last are those beyond.
    pub buckets: [u64; HANDOFF_BOUNDS_MS.len() + 1],
    /// All of it, in milliseconds.
    pub sum_ms: u64,
}

/// Ledger entries since the process started.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    rows: BTreeMap<TallyKey, u64>,
    handoffs: BTreeMap<Channel, ([u64; HANDOFF_BOUNDS_MS.len() + 1], u64)>,
}

impl Tally {
    /// Counts an entry that was written down at `now`.
    pub(super) fn note(&self, request: &Request, event: &DeliveryEvent, now: Timestamp) {
        let channel = request.asked.channel;
        let (outcome, provider, country) = match event {
            DeliveryEvent::Accepted { provider, region, .. } => {
                let took_ms = now.as_millis().saturating_sub(request.at.as_millis());
                self.took(channel, u64::try_from(took_ms).unwrap_or(0));
                ("accepted", provider.clone(), region.as_ref().map(|region| region.country.clone()))
            }
            DeliveryEvent::Retrying { provider, .. } => ("retried", provider.clone(), None),
            DeliveryEvent::Dead { provider, .. } => ("dead", provider.clone(), None),
            DeliveryEvent::Expired { .. } => ("expired", None, None),
            DeliveryEvent::Superseded => ("superseded", None, None),
            DeliveryEvent::Captured => ("captured", None, None),
            DeliveryEvent::Requested(_)
            | DeliveryEvent::HandingOver { .. }
            | DeliveryEvent::Delivered { .. }
            | DeliveryEvent::Bounced { .. }
            | DeliveryEvent::Redriven => return,
        };
        let key = TallyKey { tenant: Some(request.tenant.clone()), channel, provider, country, outcome };
        self.counts().add(key);
    }

    fn took(&self, channel: Channel, ms: u64) {
        let bucket = HANDOFF_BOUNDS_MS.partition_point(|bound| *bound < ms);
        let mut counts = self.counts();
        let (buckets, sum_ms) = counts.handoffs.entry(channel).or_default();
        if let Some(bucket) = buckets.get_mut(bucket) {
            *bucket += 1;
        }
        *sum_ms = sum_ms.saturating_add(ms);
    }

    pub(super) fn rows(&self) -> Vec<(TallyKey, u64)> {
        self.counts().rows.iter().map(|(key, count)| (key.clone(), *count)).collect()
    }

    pub(super) fn handoffs(&self) -> Vec<Handoff> {
        let one = |(channel, (buckets, sum_ms)): (&Channel, &([u64; _], u64))| Handoff {
            channel: *channel,
            buckets: *buckets,
            sum_ms: *sum_ms,
        };
        self.counts().handoffs.iter().map(one).collect()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, key: TallyKey) {
        let full = self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&key);
        let key = if full { TallyKey { tenant: None, provider: None, country: None, ..key } } else { key };
        *self.rows.entry(key).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u16) -> TallyKey {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        let tenant = Some(TenantId::from_bytes(bytes));
        TallyKey { tenant, channel: Channel::Sms, provider: None, country: None, outcome: "accepted" }
    }

    #[test]
    fn rows_are_bounded_and_nothing_goes_uncounted() {
        let mut counts = Counts::default();
        for n in 0..6000 {
            counts.add(key(n));
            counts.add(key(0));
        }
        assert_eq!(counts.rows.len(), ROWS_MAX + 1);
        assert_eq!(counts.rows.values().sum::<u64>(), 12_000);
        assert_eq!(counts.rows.get(&key(0)), Some(&6001), "who has a row keeps it");
        let others = TallyKey { tenant: None, ..key(0) };
        assert_eq!(counts.rows.get(&others), Some(&1000));
    }

    #[test]
    fn hand_off_times_fall_into_the_bucket_that_ends_at_or_after_them() {
        let tally = Tally::default();
        for ms in [0, 50, 51, 2000, 300_001] {
            tally.took(Channel::Email, ms);
        }
        let handoffs = tally.handoffs();
        let [only] = handoffs.as_slice() else { panic!("one channel") };
        assert_eq!((only.buckets[0], only.buckets[1], only.buckets[5], only.buckets[11]), (2, 1, 1, 1));
        assert_eq!((only.buckets.iter().sum::<u64>(), only.sum_ms), (5, 302_102));
    }
}
