//! What the engine asks of the sending side.

use serde_json::Value;
use twofold_domain::Channel;
use twofold_domain::settings::Settings;
use twofold_engine::{
    Callback, CallbackNews, MailReport, Outbound, Preview, RenderRequest, RenderedMessage, TestAnswer, TestMessage,
};
use zeroize::Zeroizing;

use super::config::{OperatorChannels, operators};
use super::{texts, trial};
use crate::callback;
use crate::transport::config::{ConfigErrors, ProviderChannel, Providers};
use crate::transport::line::one_line;
use crate::transport::{EmailChannel, MailTransport, SmsChannel, SmsTransport, Surroundings};

/// Longest list of template defects answered, in characters.
const PROBLEMS_MAX: usize = 2000;

/// The sending side, as far as the engine must know it.
#[derive(Debug, Clone)]
pub struct DeliveryOutbound {
    operator: OperatorChannels,
    around: Surroundings,
}

impl DeliveryOutbound {
    /// Checks the operator's channels.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn new(operator: OperatorChannels, around: Surroundings) -> Result<Self, ConfigErrors> {
        let near = operators(&around);
        operator.email.as_ref().map(|channel| MailTransport::new(channel, &near)).transpose()?;
        operator.sms.as_ref().map(|channel| SmsTransport::new(channel, &near)).transpose()?;
        Ok(Self { operator, around })
    }

    fn checked(&self, channel: Channel, config: &Value) -> Result<Value, String> {
        let around = &self.around;
        let kept = match channel {
            Channel::Email => whole(config, |email: &EmailChannel| MailTransport::new(email, around).map(drop))?,
            Channel::Sms => whole(config, |sms: &SmsChannel| SmsTransport::new(sms, around).map(drop))?,
        };
        serde_json::from_str(&kept).map_err(|_| "cannot be kept".to_owned())
    }
}

/// The document as it is kept, once every provider in it could be used.
fn whole<T: ProviderChannel>(
    config: &Value,
    could_be_used: impl Fn(&T) -> Result<(), ConfigErrors>,
) -> Result<Zeroizing<String>, String> {
    let providers: Providers<T> = read(config)?;
    providers.validate().map_err(|errors| errors.to_string())?;
    for (index, provider) in providers.all().iter().enumerate() {
        let named = |errors: ConfigErrors| if providers.is_flat() { errors } else { errors.of_provider(index) };
        could_be_used(provider).map_err(|errors| named(errors).to_string())?;
    }
    Ok(providers.expose())
}

/// A value of the wrong type may be a credential in the wrong place, so it is never repeated; names of fields are.
fn read<T: ProviderChannel>(config: &Value) -> Result<Providers<T>, String> {
    Providers::read(config).map_err(|error| {
        let text = error.to_string();
        let harmless = ["unknown field", "missing field"].iter().any(|start| text.starts_with(start));
        if harmless { one_line(&text, 200) } else { "a field has a value of the wrong type".to_owned() }
    })
}

impl Outbound for DeliveryOutbound {
    fn has_default(&self, channel: Channel) -> bool {
        self.operator.has(channel)
    }

    fn check_channel(&self, channel: Channel, config: &Value) -> Result<Value, String> {
        self.checked(channel, config)
    }

    fn redact_channel(&self, channel: Channel, config: &Value) -> Value {
        match channel {
            Channel::Email => read::<EmailChannel>(config).map_or(Value::Null, |c| c.redacted()),
            Channel::Sms => read::<SmsChannel>(config).map_or(Value::Null, |c| c.redacted()),
        }
    }

    fn check_templates(&self, settings: &Settings) -> Result<(), String> {
        texts::overrides(settings, None)?.validate().map_err(|errors| {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            all.join("; ").chars().take(PROBLEMS_MAX).collect()
        })
    }

    fn render(&self, settings: &Settings, request: &RenderRequest<'_>) -> Result<RenderedMessage, String> {
        texts::write_out(settings, request, request.at)
    }

    fn preview(&self, settings: &Settings, wanted: &Preview<'_>) -> Result<RenderedMessage, String> {
        texts::made_up(settings, wanted)
    }

    fn send_test<'a>(&'a self, config: Option<&'a Value>, test: TestMessage<'a>) -> TestAnswer<'a> {
        Box::pin(trial::send(&self.operator, &self.around, config, test))
    }

    fn read_callback(&self, config: Option<&Value>, provider: &str, callback: &Callback<'_>) -> Option<CallbackNews> {
        if let Some(own) = config {
            return callback::read_twilio(own, provider, callback);
        }
        let operators = self.operator.sms.as_ref()?.expose();
        callback::read_twilio(&serde_json::from_str(&operators).ok()?, provider, callback)
    }

    fn read_mail_report(&self, raw: &[u8]) -> Option<MailReport> {
        callback::read_mail_report(raw)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;
    use crate::transport::{AddressPolicy, Tls};

    fn outbound(operator: OperatorChannels) -> Result<DeliveryOutbound, ConfigErrors> {
        let tls = Tls::bundled().expect("roots");
        let around = Surroundings { policy: AddressPolicy::default(), tls, outbox_dir: PathBuf::from("/nonexistent") };
        DeliveryOutbound::new(operator, around)
    }

    fn relay() -> EmailChannel {
        let relay =
            json!({ "transport": "smtp", "host": "127.0.0.1", "port": 25, "tls": "none", "from": "a@example.org" });
        serde_json::from_value(relay).expect("channel")
    }

    #[test]
    fn the_operators_relay_may_be_near_and_a_tenants_may_not() {
        let operator = OperatorChannels { email: Some(relay()), sms: None };
        let outbound = outbound(operator).expect("the operator's own network");
        assert!(outbound.has_default(Channel::Email) && !outbound.has_default(Channel::Sms));
        let config: Value = serde_json::from_str(&relay().expose()).expect("json");
        assert_eq!(
            outbound.check_channel(Channel::Email, &config),
            Err("host must not lead to an internal address".to_owned())
        );
    }

    #[test]
    fn channels_are_checked_kept_whole_and_shown_without_credentials() {
        let outbound = outbound(OperatorChannels::default()).expect("nothing to check");
        let good = json!({ "transport": "smtp", "host": "mail.example.org", "from": "a@example.org", "username": "u", "password": "canary-1" });
        let kept = outbound.check_channel(Channel::Email, &good).expect("good");
        assert_eq!(kept["password"], "canary-1");
        assert_eq!(outbound.check_channel(Channel::Email, &kept).as_ref(), Ok(&kept), "what is kept can be set again");
        let shown = outbound.redact_channel(Channel::Email, &kept);
        assert!(shown["password_set"] == true && !shown.to_string().contains("canary-1"));
        for (bad, wanted) in [
            (json!({ "transport": "smtp", "surprise": 1 }), "unknown field `surprise`"),
            (json!({ "transport": "smtp" }), "missing field `from`"),
            (json!({ "transport": "smtp", "from": "x", "host": "h.example" }), "from must be"),
            (
                json!({ "transport": "smtp", "from": "a@b.example", "port": "canary-2" }),
                "a field has a value of the wrong type",
            ),
        ] {
            let problem = outbound.check_channel(Channel::Email, &bad).expect_err(wanted);
            assert!(problem.starts_with(wanted) && !problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn templates_are_named_with_their_defects() {
        let outbound = outbound(OperatorChannels::default()).expect("nothing to check");
        let verdict = |templates: Value| {
            let settings = Settings::from_document(&json!({ "templates": templates })).expect("settings");
            outbound.check_templates(&settings).err().unwrap_or_default()
        };
        assert_eq!(verdict(json!({ "en": { "login_code.text": "{{ code }}" } })), "");
        assert_eq!(
            verdict(json!({ "en": { "login_code.text": "{{ cod }}" } })),
            "login_code/en/text, line 1: unknown variable cod"
        );
        assert!(
            verdict(json!({ "en": { "login_code.title": "x" } }))
                .starts_with("templates.en.login_code.title: is no template")
        );
        assert!(verdict(json!({ "en": { "login": "x" } })).starts_with("templates.en.login: is no template"));
    }
}
