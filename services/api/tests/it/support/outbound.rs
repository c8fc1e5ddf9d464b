//! A sending side that sends nothing.

use serde_json::Value;
use twofold_domain::Channel;
use twofold_domain::settings::Settings;
use twofold_engine::{
    Callback, CallbackNews, MailReport, Outbound, Preview, RenderRequest, RenderedMessage, TestAnswer, TestMessage,
    TestSent,
};

#[derive(Debug)]
pub struct Stub;

impl Outbound for Stub {
    fn has_default(&self, _: Channel) -> bool {
        true
    }

    fn check_channel(&self, _: Channel, config: &Value) -> Result<Value, String> {
        if config["host"].is_string() || config["twilio"].is_object() || config["providers"].is_array() {
            Ok(config.clone())
        } else {
            Err("host: missing".to_owned())
        }
    }

    fn redact_channel(&self, _: Channel, config: &Value) -> Value {
        let mut shown = config.clone();
        if let Some(members) = shown.as_object_mut() {
            members.remove("password");
        }
        shown
    }

    fn check_templates(&self, settings: &Settings) -> Result<(), String> {
        if settings.templates.contains_key("xx") { Err("xx.login_code.text: line 1".to_owned()) } else { Ok(()) }
    }

    fn render(&self, settings: &Settings, request: &RenderRequest<'_>) -> Result<RenderedMessage, String> {
        let subject =
            (request.channel == Channel::Email).then(|| format!("{}: for {}", settings.brand, request.user_label));
        let text = format!("code {}", request.code.unwrap_or("none"));
        Ok(RenderedMessage { html: subject.as_ref().map(|_| format!("<p>{text}</p>")), subject, text })
    }

    fn send_test<'a>(&'a self, config: Option<&'a Value>, test: TestMessage<'a>) -> TestAnswer<'a> {
        let refuses = config.is_some_and(|config| config["host"] == "refuses");
        let result = if refuses { Err("permanent: recipient_refused (550)".to_owned()) } else { Ok(Some(test.to)) };
        let provider = test.provider.unwrap_or("default").to_owned();
        Box::pin(async { Ok(TestSent { provider, result }) })
    }

    fn preview(&self, settings: &Settings, wanted: &Preview<'_>) -> Result<RenderedMessage, String> {
        if wanted.kind != "login_code" {
            return Err("kind: one of login_code".to_owned());
        }
        let subject = (wanted.channel == Channel::Email).then(|| settings.brand.clone());
        Ok(RenderedMessage { subject, text: format!("123456 {}", wanted.locale.unwrap_or("-")), html: None })
    }

    fn read_callback(&self, config: Option<&Value>, provider: &str, callback: &Callback<'_>) -> Option<CallbackNews> {
        twofold_delivery::callback::read_twilio(config?, provider, callback)
    }

    fn read_mail_report(&self, raw: &[u8]) -> Option<MailReport> {
        twofold_delivery::callback::read_mail_report(raw)
    }
}
