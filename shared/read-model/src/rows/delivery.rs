//! A message and what became of it.

use std::borrow::Cow;

use twofold_domain::{Channel, MessageId, Mode, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// Requested, not yet tried.
    Pending,
    /// Tried, and to be tried again.
    Retrying,
    /// A provider took it.
    Accepted,
    /// In the test inbox.
    Captured,
    /// Given up.
    Dead,
    /// Too late to be sent.
    Expired,
    /// Pointless by now.
    Superseded,
    /// A provider took it and says that it arrived.
    Delivered,
    /// A provider took it, and it did not arrive after all.
    Bounced,
    /// Its code was accepted: it arrived, whatever anybody says.
    Used,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Retrying,
        Self::Accepted,
        Self::Captured,
        Self::Dead,
        Self::Expired,
        Self::Superseded,
        Self::Delivered,
        Self::Bounced,
        Self::Used,
    ];

    /// The stable name in JSON and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Accepted => "accepted",
            Self::Captured => "captured",
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Used => "used",
        }
    }

    /// Reads the stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing more will be sent, unless an operator redrives it.
    pub const fn is_final(self) -> bool {
        self.strength() > 0
    }

    /// What is known for surer than what: a stronger statement replaces a weaker one and never the other way round,
    /// so that reports may come in any order. Of the ends without a provider's word the first one stays.
    pub(crate) const fn strength(self) -> u8 {
        match self {
            Self::Pending | Self::Retrying => 0,
            Self::Captured | Self::Dead | Self::Expired | Self::Superseded => 1,
            Self::Accepted => 2,
            Self::Bounced => 3,
            Self::Delivered => 4,
            Self::Used => 5,
        }
    }
}

/// A message. Neither its destination nor its text is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub message: MessageId,
    /// Whose.
    pub tenant: TenantId,
    /// To whom.
    pub user: UserToken,
    /// Live, or for the test inbox.
    pub mode: Mode,
    /// How.
    pub channel: Channel,
    /// `code`, or the name of a notice.
    pub kind: Cow<'static, str>,
    /// Why, for a code.
    pub purpose: Option<Cow<'static, str>>,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When anything last happened to it.
    pub updated_at: Timestamp,
    /// After this instant it must not be handed over.
    pub expires_at: Timestamp,
    /// Attempts made.
    pub attempts: u32,
    /// Which of the channel's providers took it, or tried it last.
    pub provider: Option<String>,
    /// The provider's own id of it.
    pub provider_id: Option<String>,
    /// Why the last attempt failed, or why it did not arrive.
    pub cause: Option<String>,
    /// Where a text message went, ISO 3166 alpha-2; known once a provider took it.
    pub country: Option<String>,
    /// The beginning of the number a text message went to: `+`, the country's code and at most three digits more.
    pub prefix: Option<String>,
    /// When a provider took it.
    pub accepted_at: Option<Timestamp>,
    /// When a provider's word came that it arrived.
    pub delivered_at: Option<Timestamp>,
    /// When its code was accepted.
    pub used_at: Option<Timestamp>,
    /// The commit that requested it.
    pub request_seq: Seq,
    /// Its newest commit.
    pub position: Seq,
}
