//! A sending side that sends nothing.

use serde_json::Value;
use twofold_domain::Channel;
use twofold_domain::settings::Settings;
use twofold_engine::{Outbound, RenderRequest, RenderedMessage};

#[derive(Debug)]
pub struct Stub;

impl Outbound for Stub {
    fn has_default(&self, _: Channel) -> bool {
        true
    }

    fn check_channel(&self, _: Channel, config: &Value) -> Result<Value, String> {
        if config["host"].is_string() { Ok(config.clone()) } else { Err("host: missing".to_owned()) }
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
}
