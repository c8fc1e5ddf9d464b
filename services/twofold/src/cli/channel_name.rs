//! `email` and `sms` on the command line.

use clap::ValueEnum;
use twofold_domain::Channel;

/// A channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
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
