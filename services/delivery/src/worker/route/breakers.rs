//! The breakers of all tenants' providers, for as long as they have something to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use twofold_domain::{Channel, TenantId, Timestamp};

use super::breaker::{Breaker, BreakerState, Pass};

/// Breakers remembered, some hundred bytes each. Beyond this, providers that begin to fail are not left alone.
const KEPT_MAX: usize = 8192;
/// Longest list shown.
const SHOWN_MAX: usize = 256;

/// Whose provider. The operator's own is everybody's, and so has one breaker for all tenants.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::worker) struct BreakerKey {
    /// None: the operator's.
    pub(in crate::worker) tenant: Option<TenantId>,
    pub(in crate::worker) channel: Channel,
    pub(in crate::worker) provider: Arc<str>,
}

/// One provider's breaker at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerRow {
    /// Whose provider; none is the operator's own.
    pub tenant: Option<TenantId>,
    /// Mail or text messages.
    pub channel: Channel,
    /// Its name.
    pub provider: String,
    /// Whether messages pass.
    pub state: BreakerState,
    /// Failures among the latest outcomes: at most 20, and not older than a minute.
    pub failures: usize,
    /// While open: when the next message may pass, to see.
    pub open_until: Option<Timestamp>,
}

/// This process's breakers, live. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Breakers(Arc<Mutex<HashMap<BreakerKey, Breaker>>>);

impl Breakers {
    /// The providers that failed lately: those left alone first, at most 256.
    pub fn snapshot(&self, now: Timestamp) -> Vec<BreakerRow> {
        let at = Instant::now();
        let row = |(key, breaker): (&BreakerKey, &Breaker)| BreakerRow {
            tenant: key.tenant.clone(),
            channel: key.channel,
            provider: key.provider.to_string(),
            state: breaker.state(),
            failures: breaker.failures(at),
            open_until: (breaker.state() == BreakerState::Open).then(|| plus(now, breaker.ready_in(at))),
        };
        let mut rows: Vec<BreakerRow> = self.all().iter().map(row).collect();
        rows.retain(|row| row.state != BreakerState::Closed || row.failures > 0);
        let order = |row: &BreakerRow| {
            let passes = row.state == BreakerState::Closed;
            (passes, row.tenant.clone(), row.channel, row.provider.clone())
        };
        rows.sort_by_cached_key(order);
        rows.truncate(SHOWN_MAX);
        rows
    }

    /// How long until a provider may be handed a message.
    pub(in crate::worker) fn ready_in(&self, key: &BreakerKey) -> Duration {
        self.all().get(key).map_or(Duration::ZERO, |breaker| breaker.ready_in(Instant::now()))
    }

    /// Leave to hand a provider a message.
    pub(in crate::worker) fn enter(&self, key: &BreakerKey) -> Option<Leave> {
        self.enter_at(key, Instant::now())
    }

    fn enter_at(&self, key: &BreakerKey, now: Instant) -> Option<Leave> {
        let pass = self.all().get_mut(key).map_or(Some(Pass::Usual), |breaker| breaker.enter(now))?;
        Some(Leave { breakers: self.clone(), key: key.clone(), pass, learned: None })
    }

    /// A tenant's channel was configured anew: what is known of its providers says nothing any more.
    pub(in crate::worker) fn forget(&self, tenant: &TenantId, channel: Channel) {
        self.all().retain(|key, _| key.tenant.as_ref() != Some(tenant) || key.channel != channel);
    }

    /// Gives up what has nothing to say.
    pub(in crate::worker) fn tidy(&self) {
        let now = Instant::now();
        self.all().retain(|_, breaker| !breaker.is_idle(now));
    }

    fn settle(&self, key: &BreakerKey, pass: Pass, learned: Option<bool>) {
        let now = Instant::now();
        let mut all = self.all();
        if let Some(breaker) = all.get_mut(key) {
            match learned {
                Some(true) => breaker.succeeded(pass, now),
                Some(false) => breaker.failed(pass, now),
                None => breaker.nothing_learned(pass, now),
            }
        } else if learned == Some(false) && all.len() < KEPT_MAX {
            // Most providers never fail, and need no breaker until then.
            let mut breaker = Breaker::default();
            breaker.failed(Pass::Usual, now);
            all.insert(key.clone(), breaker);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<BreakerKey, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave for one message. Dropped without a word, nothing was learned: the next one may look.
#[derive(Debug)]
pub(in crate::worker) struct Leave {
    breakers: Breakers,
    key: BreakerKey,
    pass: Pass,
    learned: Option<bool>,
}

impl Leave {
    /// Says whether the provider is well; nothing when the message did not show it.
    pub(in crate::worker) fn learned(mut self, well: Option<bool>) {
        self.learned = well;
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.breakers.settle(&self.key, self.pass, self.learned);
    }
}

fn plus(now: Timestamp, more: Duration) -> Timestamp {
    Timestamp(now.as_millis().saturating_add(i64::try_from(more.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(tenant: Option<&TenantId>, provider: &str) -> BreakerKey {
        BreakerKey { tenant: tenant.cloned(), channel: Channel::Sms, provider: provider.into() }
    }

    fn fail(breakers: &Breakers, key: &BreakerKey, times: usize) {
        for _ in 0..times {
            breakers.enter(key).expect("passes").learned(Some(false));
        }
    }

    #[test]
    fn every_tenants_provider_has_its_own() {
        let (breakers, now) = (Breakers::default(), Timestamp(1_000_000));
        let tenants = [TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16])];
        let keys = tenants.each_ref().map(|tenant| key(Some(tenant), "main"));
        fail(&breakers, &keys[0], 5);
        fail(&breakers, &key(None, "default"), 1);
        breakers.enter(&keys[1]).expect("passes").learned(Some(true));
        assert!(breakers.enter(&keys[0]).is_none() && breakers.enter(&keys[1]).is_some());
        let rows = breakers.snapshot(now);
        let states: Vec<_> = rows.iter().map(|r| (r.tenant.clone(), r.state, r.failures)).collect();
        let wanted = [(Some(tenants[0].clone()), BreakerState::Open, 5), (None, BreakerState::Closed, 1)];
        assert_eq!(states, wanted);
        assert!(rows[0].open_until.is_some_and(|until| until > now) && rows[1].open_until.is_none());
        breakers.tidy();
        assert_eq!(breakers.snapshot(now).len(), 2, "they have something to say");
        breakers.forget(&tenants[0], Channel::Email);
        assert!(breakers.enter(&keys[0]).is_none());
        breakers.forget(&tenants[0], Channel::Sms);
        assert!(breakers.enter(&keys[0]).is_some());
    }

    #[test]
    fn a_probe_that_is_dropped_lets_the_next_one_look() {
        let (breakers, key) = (Breakers::default(), key(None, "default"));
        fail(&breakers, &key, 5);
        let probe = breakers.enter_at(&key, Instant::now() + Duration::from_mins(1)).expect("the pause is over");
        assert!(breakers.enter(&key).is_none());
        drop(probe);
        breakers.enter(&key).expect("another one").learned(Some(true));
        assert_eq!(breakers.snapshot(Timestamp(0)), []);
    }
}
