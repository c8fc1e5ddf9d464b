//! Senders, kept so that their connections are used again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::DeserializeOwned;
use tokio::time::{Duration, Instant};
use twofold_domain::{Channel, Sealed, TenantId};
use twofold_engine::{Engine, EngineError, TenantView};

use super::config::{WorkerConfig, operators};
use super::sender::Sender;
use crate::transport::Surroundings;
use crate::transport::config::ConfigErrors;

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
    operator: [Option<Arc<Sender>>; 2],
    kept: Mutex<Kept>,
}

type Kept = HashMap<(TenantId, Channel), Entry>;

#[derive(Debug)]
struct Entry {
    /// The ciphertext the sender was made from: sealed anew with every change, so equal means unchanged.
    made_from: Sealed,
    sender: Arc<Sender>,
    used: Instant,
}

impl Senders {
    pub(super) fn new(config: &WorkerConfig) -> Result<Self, ConfigErrors> {
        let near = operators(&config.around);
        let turns = config.channel_concurrency;
        let email = config.operator.email.as_ref().map(|c| Sender::email(c, &near, turns)).transpose()?;
        let sms = config.operator.sms.as_ref().map(|c| Sender::sms(c, &near, turns)).transpose()?;
        let operator = [email.map(Arc::new), sms.map(Arc::new)];
        Ok(Self { around: config.around.clone(), turns, operator, kept: Mutex::default() })
    }

    /// The tenant's own channel; the operator's when the tenant has none. A broken one of its own is never passed over.
    pub(super) async fn of(
        &self,
        engine: &Engine,
        tenant: &TenantView,
        channel: Channel,
    ) -> Result<Arc<Sender>, NoSender> {
        let Some(sealed) = tenant.channel(channel) else {
            let [email, sms] = &self.operator;
            let operators = match channel {
                Channel::Email => email,
                Channel::Sms => sms,
            };
            return operators.clone().ok_or(NoSender::NotConfigured);
        };
        if let Some(sender) = self.find(&tenant.id, channel, sealed) {
            return Ok(sender);
        }
        let config = match engine.channel_config(tenant, channel).await {
            Ok(config) => config.ok_or(NoSender::NotConfigured)?,
            Err(EngineError::Integrity(_)) => return Err(NoSender::Unusable),
            Err(error) => return Err(NoSender::Unavailable(error)),
        };
        let made = match channel {
            Channel::Email => read(config).and_then(|c| Sender::email(&c, &self.around, self.turns).ok()),
            Channel::Sms => read(config).and_then(|c| Sender::sms(&c, &self.around, self.turns).ok()),
        };
        Ok(self.keep(&tenant.id, channel, sealed, made.ok_or(NoSender::Unusable)?))
    }

    /// Gives up what has not been used for a while, from time to time; never ends.
    pub(super) async fn tidy(&self) {
        loop {
            tokio::time::sleep(KEPT_FOR).await;
            self.kept().retain(|_, entry| entry.used.elapsed() < KEPT_FOR);
        }
    }

    fn find(&self, tenant: &TenantId, channel: Channel, sealed: &Sealed) -> Option<Arc<Sender>> {
        let mut kept = self.kept();
        let entry = kept.get_mut(&(tenant.clone(), channel)).filter(|entry| entry.made_from == *sealed)?;
        entry.used = Instant::now();
        Some(Arc::clone(&entry.sender))
    }

    fn keep(&self, tenant: &TenantId, channel: Channel, sealed: &Sealed, sender: Sender) -> Arc<Sender> {
        let mut kept = self.kept();
        let key = (tenant.clone(), channel);
        // Made by another message meanwhile: one pool of connections is enough.
        if let Some(entry) = kept.get(&key).filter(|entry| entry.made_from == *sealed) {
            return Arc::clone(&entry.sender);
        }
        if kept.len() >= KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.remove(&key));
        }
        let sender = Arc::new(sender);
        kept.insert(key, Entry { made_from: sealed.clone(), sender: Arc::clone(&sender), used: Instant::now() });
        sender
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read<T: DeserializeOwned>(config: serde_json::Value) -> Option<T> {
    serde_json::from_value(config).ok()
}
