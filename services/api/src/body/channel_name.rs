//! `email` and `sms` in a body.

use serde::Deserialize;
use twofold_domain::Channel;
use utoipa::ToSchema;

/// How a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelName {
    /// E-mail.
    Email,
    /// Text message.
    Sms,
}

impl From<ChannelName> for Channel {
    fn from(name: ChannelName) -> Self {
        match name {
            ChannelName::Email => Self::Email,
            ChannelName::Sms => Self::Sms,
        }
    }
}
