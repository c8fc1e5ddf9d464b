//! What the engine must know of the sending side, so that it need not know the sending side.

use twofold_domain::Channel;
use twofold_domain::settings::Settings;

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
}
