//! The sending side: the operator's channels and where messages may go.

use std::sync::Arc;

use serde_json::json;
use twofold_crypto::Random;
use twofold_delivery::transport::{AddressPolicy, EmailChannel, SmsChannel, Surroundings, Tls};
use twofold_delivery::worker::{DeliveryOutbound, OperatorChannels, WorkerConfig};

use super::DataDir;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// Everything the engine and the worker need of the sending side.
#[derive(Debug)]
pub struct Sending {
    channels: OperatorChannels,
    around: Surroundings,
}

impl Sending {
    /// From the settings. Without channels of the operator, messages become files, so that everything can be tried out.
    pub fn new(settings: &Settings, dir: &DataDir) -> Result<Self, Failure> {
        let delivery = &settings.delivery;
        let tls = Tls::bundled().context("TLS cannot be used")?;
        let policy = AddressPolicy { allow_private: delivery.allow_private_networks, allow: delivery.allow.clone() };
        let email = match &delivery.email {
            Some(channel) => channel.clone(),
            None => outbox_email()?,
        };
        let sms = match &delivery.sms {
            Some(channel) => channel.clone(),
            None => outbox_sms()?,
        };
        Ok(Self {
            channels: OperatorChannels { email: Some(email), sms: Some(sms) },
            around: Surroundings { policy, tls, outbox_dir: dir.outbox() },
        })
    }

    /// What the engine asks.
    pub fn outbound(&self) -> Result<DeliveryOutbound, Failure> {
        DeliveryOutbound::new(self.channels.clone(), self.around.clone())
            .map_err(|errors| Failure::Usage(format!("delivery: {errors}")))
    }

    /// What a worker runs on.
    pub fn worker(&self, settings: &Settings, rng: Arc<dyn Random>) -> WorkerConfig {
        let mut config = WorkerConfig::new(self.channels.clone(), self.around.clone(), rng);
        config.concurrency = settings.delivery.concurrency;
        config.channel_concurrency = config.channel_concurrency.min(config.concurrency);
        config
    }
}

/// Messages to live users of tenants without a channel, into the folder `outbox`.
fn outbox_email() -> Result<EmailChannel, Failure> {
    serde_json::from_value(json!({ "transport": "outbox", "from": "twofold@example.invalid" }))
        .context("the outbox for e-mail")
}

fn outbox_sms() -> Result<SmsChannel, Failure> {
    serde_json::from_value(json!({ "provider": "outbox" })).context("the outbox for SMS")
}
