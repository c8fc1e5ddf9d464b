//! Senders, kept so that their connections are used again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Duration, Instant};
use twofold_domain::{Channel, Sealed, TenantId};
use twofold_engine::{Engine, EngineError, TenantView};

use super::config::{WorkerConfig, operators};
use super::route::{Breakers, Owner, Provider, Route};
use crate::transport::config::{ConfigErrors, ProviderChannel, Providers};
use crate::transport::{EmailChannel, SmsChannel, Surroundings};

/// Tenants' channels kept ready; the one used longest ago gives way.
const KEPT_MAX: usize = 1024;
/// And those nobody has used for this long: each may hold connections that its server has closed by now.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// Why there is no sender.
pub(super) enum NoSender {
    /// Neither the tenant nor the operator has this channel.
    NotConfigured,
    /// What is configured cannot be used.
    Unusable,
    /// The key store did not answer.
    Unavailable(EngineError),
}

/// The senders of all tenants and the operator's own.
#[derive(Debug)]
pub(super) struct Senders {
    around: Surroundings,
    turns: usize,
    operator: [Option<Arc<Route>>; 2],
    pub(super) breakers: Breakers,
    kept: Mutex<Kept>,
}

type Kept = HashMap<(TenantId, Channel), Entry>;

#[derive(Debug)]
struct Entry {
    /// The ciphertext the sender was made from: sealed anew with every change, so equal means unchanged.
    made_from: Sealed,
    route: Arc<Route>,
    used: Instant,
}

impl Senders {
    pub(super) fn new(config: &WorkerConfig) -> Result<Self, ConfigErrors> {
        let near = operators(&config.around);
        let turns = config.channel_concurrency;
        // Half of all attempts at most: a relay of the operator's that hangs leaves the rest to tenants' own providers.
        let owner = Owner { tenant: None, turns: turns.max(config.concurrency / 2) };
        let only = |channel, provider| Arc::new(Route { channel, providers: vec![provider] });
        let email = config.operator.email.as_ref().map(|c| Provider::email(c, &near, owner)).transpose()?;
        let sms = config.operator.sms.as_ref().map(|c| Provider::sms(c, &near, owner)).transpose()?;
        let operator = [email.map(|p| only(Channel::Email, p)), sms.map(|p| only(Channel::Sms, p))];
        let (around, breakers) = (config.around.clone(), Breakers::default());
        Ok(Self { around, turns, operator, breakers, kept: Mutex::default() })
    }

    /// The tenant's own channel; the operator's when the tenant has none. A broken one of its own is never passed over.
    pub(super) async fn of(
        &self,
        engine: &Engine,
        tenant: &TenantView,
        channel: Channel,
    ) -> Result<Arc<Route>, NoSender> {
        let Some(sealed) = tenant.channel(channel) else {
            let [email, sms] = &self.operator;
            let operators = match channel {
                Channel::Email => email,
                Channel::Sms => sms,
            };
            return operators.clone().ok_or(NoSender::NotConfigured);
        };
        if let Some(route) = self.find(&tenant.id, channel, sealed) {
            return Ok(route);
        }
        let config = match engine.channel_config(tenant, channel).await {
            Ok(config) => config.ok_or(NoSender::NotConfigured)?,
            Err(EngineError::Integrity(_)) => return Err(NoSender::Unusable),
            Err(error) => return Err(NoSender::Unavailable(error)),
        };
        let owner = Owner { tenant: Some(&tenant.id), turns: self.turns };
        let providers = match channel {
            Channel::Email => each(&config, |c: &EmailChannel| Provider::email(c, &self.around, owner).ok()),
            Channel::Sms => each(&config, |c: &SmsChannel| Provider::sms(c, &self.around, owner).ok()),
        };
        let providers = providers.ok_or(NoSender::Unusable)?;
        Ok(self.keep(&tenant.id, sealed, Route { channel, providers }))
    }

    /// Gives up what has not been used for a while, from time to time; never ends.
    pub(super) async fn tidy(&self) {
        loop {
            tokio::time::sleep(KEPT_FOR).await;
            self.kept().retain(|_, entry| entry.used.elapsed() < KEPT_FOR);
            self.breakers.tidy();
        }
    }

    fn find(&self, tenant: &TenantId, channel: Channel, sealed: &Sealed) -> Option<Arc<Route>> {
        let mut kept = self.kept();
        let entry = kept.get_mut(&(tenant.clone(), channel)).filter(|entry| entry.made_from == *sealed)?;
        entry.used = Instant::now();
        Some(Arc::clone(&entry.route))
    }

    fn keep(&self, tenant: &TenantId, sealed: &Sealed, route: Route) -> Arc<Route> {
        let mut kept = self.kept();
        let key = (tenant.clone(), route.channel);
        match kept.get(&key) {
            // Made by another message meanwhile: one pool of connections is enough.
            Some(entry) if entry.made_from == *sealed => return Arc::clone(&entry.route),
            Some(_) => self.breakers.forget(tenant, route.channel),
            None => {}
        }
        if kept.len() >= KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.remove(&key));
        }
        let route = Arc::new(route);
        kept.insert(key, Entry { made_from: sealed.clone(), route: Arc::clone(&route), used: Instant::now() });
        route
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All of a document's providers; one that cannot be used spoils them all, so that it is noticed.
fn each<T: ProviderChannel>(
    config: &serde_json::Value,
    make: impl Fn(&T) -> Option<Provider>,
) -> Option<Vec<Provider>> {
    Providers::<T>::read(config).ok()?.all().iter().map(make).collect()
}
