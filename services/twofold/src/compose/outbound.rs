//! The sending side: the operator's channels and where messages may go.

use std::sync::Arc;

use twofold_crypto::Random;
use twofold_delivery::transport::{AddressPolicy, Surroundings, Tls};
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
    /// From the settings. A live tenant that neither has a channel nor finds one here is refused at enrolment
    /// (`docs/decisions/0007`); test keys need none.
    pub fn new(settings: &Settings, dir: &DataDir) -> Result<Self, Failure> {
        let delivery = &settings.delivery;
        let tls = Tls::bundled().context("TLS cannot be used")?;
        let policy = AddressPolicy { allow_private: delivery.allow_private_networks, allow: delivery.allow.clone() };
        Ok(Self {
            channels: OperatorChannels { email: delivery.email.clone(), sms: delivery.sms.clone() },
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
