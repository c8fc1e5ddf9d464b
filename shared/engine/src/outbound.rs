//! What the engine must know of the sending side, so that it need not know the sending side.

use twofold_domain::settings::Settings;
use twofold_domain::user::MessageKind;
use twofold_domain::{Channel, Timestamp};

use crate::channel_test::{TestAnswer, TestMessage};
use crate::delivery::{Callback, CallbackNews, MailReport};

/// One message to be written out.
#[derive(Clone, Copy)]
pub struct RenderRequest<'a> {
    /// How it goes out.
    pub channel: Channel,
    /// What it is about.
    pub kind: &'a MessageKind,
    /// The code, in clear, where the message carries one.
    pub code: Option<&'a str>,
    /// Language of the user; none: the tenant's.
    pub locale: Option<&'a str>,
    /// What the panel calls the user; may be empty.
    pub user_label: &'a str,
    /// When it was asked for.
    pub at: Timestamp,
    /// When the code or the message dies.
    pub expires_at: Timestamp,
}

/// Shows neither the code nor the user (C29).
impl std::fmt::Debug for RenderRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderRequest").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// A message as its reader sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedMessage {
    /// Of a mail; one line.
    pub subject: Option<String>,
    /// The plain part of a mail, or the whole text message.
    pub text: String,
    /// The HTML part of a mail.
    pub html: Option<String>,
}

/// Shows nothing: there may be a code in it (C29).
impl std::fmt::Debug for RenderedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RenderedMessage(..)")
    }
}

/// Checks of things that only the delivery service can read.
pub trait Outbound: Send + Sync + std::fmt::Debug {
    /// Whether the operator configured a channel for all tenants.
    fn has_default(&self, channel: Channel) -> bool;

    /// Reads a channel configuration; the error names the field. Answers what is to be kept.
    fn check_channel(&self, channel: Channel, config: &serde_json::Value) -> Result<serde_json::Value, String>;

    /// The configuration as it may be shown: without credentials.
    fn redact_channel(&self, channel: Channel, config: &serde_json::Value) -> serde_json::Value;

    /// Compiles the templates of a settings document; the error names template and line.
    fn check_templates(&self, settings: &Settings) -> Result<(), String>;

    /// Writes a message out as it would be sent, for the test inbox. The error is internal: for logs.
    fn render(&self, settings: &Settings, request: &RenderRequest<'_>) -> Result<RenderedMessage, String>;

    /// A message of a kind with made-up values, for whoever writes its template. The error is for him.
    fn preview(&self, _settings: &Settings, _wanted: &Preview<'_>) -> Result<RenderedMessage, String> {
        Err("this process cannot send".to_owned())
    }

    /// Sends a message now, by the tenant's channel or, without one, by the operator's.
    fn send_test<'a>(&'a self, _config: Option<&'a serde_json::Value>, _test: TestMessage<'a>) -> TestAnswer<'a> {
        Box::pin(async { Err("this process cannot send".to_owned()) })
    }

    /// Reads a provider's callback; none when it is not proved to come from the provider of this name. `config` is the
    /// tenant's SMS channel; without one the operator's counts.
    fn read_callback(
        &self,
        _config: Option<&serde_json::Value>,
        _provider: &str,
        _callback: &Callback<'_>,
    ) -> Option<CallbackNews> {
        None
    }

    /// Reads a bounce or a complaint about a mail; none when it is neither.
    fn read_mail_report(&self, _raw: &[u8]) -> Option<MailReport> {
        None
    }
}

/// A message to look at.
#[derive(Debug, Clone, Copy)]
pub struct Preview<'a> {
    /// Its kind, as templates name it: `login_code`.
    pub kind: &'a str,
    /// How it would be sent.
    pub channel: Channel,
    /// In which language.
    pub locale: Option<&'a str>,
}

/// Nothing can be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOutbound;

impl Outbound for NoOutbound {
    fn has_default(&self, _channel: Channel) -> bool {
        false
    }

    fn check_channel(&self, _channel: Channel, _config: &serde_json::Value) -> Result<serde_json::Value, String> {
        Err("this process cannot send".to_owned())
    }

    fn redact_channel(&self, _channel: Channel, _config: &serde_json::Value) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn check_templates(&self, _settings: &Settings) -> Result<(), String> {
        Ok(())
    }

    fn render(&self, _settings: &Settings, _request: &RenderRequest<'_>) -> Result<RenderedMessage, String> {
        Err("this process cannot send".to_owned())
    }
}
