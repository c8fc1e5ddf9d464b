//! One provider, ready to send, and how much it takes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use twofold_domain::{Channel, TenantId};

use super::breakers::BreakerKey;
use super::bucket::Bucket;
pub(in crate::worker) use super::bucket::Slot;
use super::tries::Mark;
use crate::transport::config::{ConfigErrors, DEFAULT_PROVIDER};
use crate::transport::{EmailChannel, SmsChannel, Surroundings};
use crate::worker::sender::Sender;

/// What a provider usually takes is this part what it took last.
const LATEST: u64 = 8;

/// One of a channel's providers.
#[derive(Debug)]
pub(in crate::worker) struct Provider {
    pub(in crate::worker) name: Arc<str>,
    pub(in crate::worker) mark: Mark,
    pub(in crate::worker) key: BreakerKey,
    pub(in crate::worker) sender: Sender,
    /// Messages it takes at once.
    pub(in crate::worker) turns: Semaphore,
    /// Empty: every country.
    countries: BTreeSet<String>,
    bucket: Option<Mutex<Bucket>>,
    usual_us: AtomicU64,
}

/// Whose channel, and how many attempts at once it may have by the operator's will.
#[derive(Debug, Clone, Copy)]
pub(in crate::worker) struct Owner<'a> {
    /// None: the operator, whose own word on `max_in_flight` goes.
    pub(in crate::worker) tenant: Option<&'a TenantId>,
    pub(in crate::worker) turns: usize,
}

impl Provider {
    pub(in crate::worker) fn email(
        config: &EmailChannel,
        around: &Surroundings,
        owner: Owner<'_>,
    ) -> Result<Self, ConfigErrors> {
        let sender = Sender::email(config, around)?;
        let (most, pace) = (config.max_in_flight, config.max_per_second);
        Ok(Self::new(Channel::Email, config.name.as_deref(), sender, owner, (most, pace)))
    }

    pub(in crate::worker) fn sms(
        config: &SmsChannel,
        around: &Surroundings,
        owner: Owner<'_>,
    ) -> Result<Self, ConfigErrors> {
        let sender = Sender::sms(config, around)?;
        let (most, pace) = (config.max_in_flight, config.max_per_second);
        let made = Self::new(Channel::Sms, config.name.as_deref(), sender, owner, (most, pace));
        Ok(Self { countries: config.countries.clone(), ..made })
    }

    fn new(
        channel: Channel,
        name: Option<&str>,
        sender: Sender,
        owner: Owner<'_>,
        (most, pace): (Option<u32>, Option<u32>),
    ) -> Self {
        let name: Arc<str> = name.unwrap_or(DEFAULT_PROVIDER).into();
        let told = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(owner.turns);
        let turns = if owner.tenant.is_some() { told.min(owner.turns) } else { told };
        Self {
            mark: Mark::of(&name),
            key: BreakerKey { tenant: owner.tenant.cloned(), channel, provider: Arc::clone(&name) },
            name,
            sender,
            turns: Semaphore::new(turns.max(1)),
            countries: BTreeSet::new(),
            bucket: pace.map(|pace| Mutex::new(Bucket::new(pace))),
            usual_us: AtomicU64::new(0),
        }
    }

    pub(super) fn is_by_country(&self) -> bool {
        !self.countries.is_empty()
    }

    /// Whether it serves numbers of a country; mail goes everywhere.
    pub(super) fn serves(&self, country: Option<&str>) -> bool {
        self.countries.is_empty() || country.is_some_and(|country| self.countries.contains(country))
    }

    /// How long it usually takes to answer.
    pub(in crate::worker) fn usual(&self) -> Duration {
        Duration::from_micros(self.usual_us.load(Ordering::Relaxed))
    }

    /// Notes how long it took. Of two noted at the same moment one may be lost: it is a rough number.
    pub(in crate::worker) fn took(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let usual_us = self.usual_us.load(Ordering::Relaxed);
        self.usual_us.store(usual_us - usual_us / LATEST + took_us / LATEST, Ordering::Relaxed);
    }

    /// Asks for a place among the messages of a second; nothing when there is no limit.
    pub(in crate::worker) fn slot(&self) -> Option<Slot> {
        let bucket = self.bucket.as_ref()?;
        Some(bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()))
    }
}
