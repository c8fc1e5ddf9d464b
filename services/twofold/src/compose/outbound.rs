//! The sending side: the operator's channels and where messages may go.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use twofold_crypto::Random;
use twofold_delivery::transport::config::{EmailTransport, SmsProvider};
use twofold_delivery::transport::{AddressPolicy, Surroundings, Tls};
use twofold_delivery::worker::{DeliveryOutbound, OperatorChannels, WorkerConfig};
use twofold_domain::Channel;
use twofold_domain::settings::Settings as TenantSettings;
use twofold_engine::{
    Callback, CallbackNews, MailReport, Outbound, Preview, RenderRequest, RenderedMessage, TestAnswer, TestMessage,
};

use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// Everything the engine and the worker need of the sending side.
#[derive(Debug)]
pub struct Sending {
    channels: OperatorChannels,
    elsewhere: BTreeSet<Channel>,
    around: Surroundings,
}

/// The sending side of a process that need not send itself: it offers what others send, without their credentials.
#[derive(Debug)]
pub struct Offered {
    inner: DeliveryOutbound,
    elsewhere: BTreeSet<Channel>,
}

impl Outbound for Offered {
    fn has_default(&self, channel: Channel) -> bool {
        self.elsewhere.contains(&channel) || self.inner.has_default(channel)
    }

    fn check_channel(&self, channel: Channel, config: &serde_json::Value) -> Result<serde_json::Value, String> {
        self.inner.check_channel(channel, config)
    }

    fn redact_channel(&self, channel: Channel, config: &serde_json::Value) -> serde_json::Value {
        self.inner.redact_channel(channel, config)
    }

    fn check_templates(&self, settings: &TenantSettings) -> Result<(), String> {
        self.inner.check_templates(settings)
    }

    fn render(&self, settings: &TenantSettings, request: &RenderRequest<'_>) -> Result<RenderedMessage, String> {
        self.inner.render(settings, request)
    }

    fn preview(&self, settings: &TenantSettings, wanted: &Preview<'_>) -> Result<RenderedMessage, String> {
        self.inner.preview(settings, wanted)
    }

    fn send_test<'a>(&'a self, config: Option<&'a serde_json::Value>, test: TestMessage<'a>) -> TestAnswer<'a> {
        self.inner.send_test(config, test)
    }

    fn read_callback(
        &self,
        config: Option<&serde_json::Value>,
        provider: &str,
        callback: &Callback<'_>,
    ) -> Option<CallbackNews> {
        self.inner.read_callback(config, provider, callback)
    }

    fn read_mail_report(&self, raw: &[u8]) -> Option<MailReport> {
        self.inner.read_mail_report(raw)
    }
}

impl Sending {
    /// From the settings. A live tenant that neither has a channel nor finds one here is refused at enrolment
    /// (`docs/decisions/0007`); test keys need none.
    pub fn new(settings: &Settings, outbox_dir: PathBuf) -> Result<Self, Failure> {
        let delivery = &settings.delivery;
        let tls = Tls::bundled().context("TLS cannot be used")?;
        let policy = AddressPolicy { allow_private: delivery.allow_private_networks, allow: delivery.allow.clone() };
        Ok(Self {
            elsewhere: delivery.elsewhere.iter().copied().map(Channel::from).collect(),
            channels: OperatorChannels { email: delivery.email.clone(), sms: delivery.sms.clone() },
            around: Surroundings { policy, tls, outbox_dir },
        })
    }

    /// What the engine asks.
    pub fn outbound(&self) -> Result<Offered, Failure> {
        let inner = DeliveryOutbound::new(self.channels.clone(), self.around.clone())
            .map_err(|errors| Failure::Usage(format!("delivery: {errors}")))?;
        Ok(Offered { inner, elsewhere: self.elsewhere.clone() })
    }

    /// The folder that messages are written into, when a channel of the operator writes files.
    pub fn writes_into(&self) -> Option<&Path> {
        let email = self.channels.email.as_ref().is_some_and(|channel| channel.transport == EmailTransport::Outbox);
        let sms = self.channels.sms.as_ref().is_some_and(|channel| channel.provider == SmsProvider::Outbox);
        (email || sms).then_some(&*self.around.outbox_dir)
    }

    /// What a worker runs on.
    pub fn worker(&self, settings: &Settings, rng: Arc<dyn Random>) -> WorkerConfig {
        let mut config = WorkerConfig::new(self.channels.clone(), self.around.clone(), rng);
        config.channels = settings.delivery.channels.iter().copied().map(Channel::from).collect();
        config.concurrency = settings.delivery.concurrency;
        config.channel_concurrency = config.channel_concurrency.min(config.concurrency);
        config
    }
}
