//! `email` and `sms`, on the command line and in the settings.

use clap::ValueEnum;
use serde::Deserialize;
use twofold_domain::Channel;

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ChannelName {
    /// Mail.
    Email,
    /// Text messages.
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
