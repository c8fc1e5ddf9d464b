//! One message at once, for whoever sets a channel up.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::Value;
use twofold_domain::Channel;
use twofold_engine::{TestMessage, TestSent};

use super::config::{OperatorChannels, operators};
use super::sender::{Outgoing, Sender};
use crate::transport::config::{ConfigErrors, ProviderChannel, Providers};
use crate::transport::{EmailChannel, SmsChannel, Surroundings};

/// Somebody waits for the answer, and his request for not much longer.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends it by the tenant's provider, or by the operator's when the tenant has no channel of its own.
///
/// # Errors
/// There is nothing to send with; the text names what to change.
pub(super) async fn send(
    operator: &OperatorChannels,
    around: &Surroundings,
    config: Option<&Value>,
    test: TestMessage<'_>,
) -> Result<TestSent, String> {
    let near = operators(around);
    let (provider, sender) = match (test.channel, config) {
        (Channel::Email, Some(config)) => own(config, test.provider, |c: &EmailChannel| Sender::email(c, around))?,
        (Channel::Sms, Some(config)) => own(config, test.provider, |c: &SmsChannel| Sender::sms(c, around))?,
        (Channel::Email, None) => operators_own(operator.email.as_ref(), |c| Sender::email(c, &near))?,
        (Channel::Sms, None) => operators_own(operator.sms.as_ref(), |c| Sender::sms(c, &near))?,
    };
    let out = Outgoing {
        id: test.id,
        to: test.to,
        text: test.text,
        now: test.now,
        expires_at: test.expires_at,
        has_code: true,
        region: None,
        status_callback: None,
    };
    let result = match tokio::time::timeout(LIMIT, Box::pin(sender.send(out, &AtomicBool::new(false)))).await {
        Ok(sent) => sent.map(|accepted| accepted.provider_id).map_err(|error| error.to_string()),
        Err(_) => Err("unknown: no answer within 20 s".to_owned()),
    };
    Ok(TestSent { provider, result })
}

fn own<T: ProviderChannel>(
    config: &Value,
    wanted: Option<&str>,
    make: impl Fn(&T) -> Result<Sender, ConfigErrors>,
) -> Result<(String, Sender), String> {
    let providers =
        Providers::<T>::read(config).map_err(|_| "the configuration cannot be read; set it anew".to_owned())?;
    let chosen = match wanted {
        Some(name) => providers.all().iter().find(|provider| provider.provider_name() == name),
        None => providers.all().first(),
    };
    let chosen = chosen.ok_or("it has no provider of this name")?;
    Ok((chosen.provider_name().to_owned(), make(chosen).map_err(|errors| errors.to_string())?))
}

fn operators_own<T: ProviderChannel>(
    channel: Option<&T>,
    make: impl Fn(&T) -> Result<Sender, ConfigErrors>,
) -> Result<(String, Sender), String> {
    let channel = channel.ok_or("the tenant has none of its own, and the operator's is not set in this process")?;
    Ok((channel.provider_name().to_owned(), make(channel).map_err(|errors| errors.to_string())?))
}
