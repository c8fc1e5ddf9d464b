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
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Pending, Self::Retrying, Self::Accepted, Self::Captured, Self::Dead, Self::Expired, Self::Superseded];

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
        }
    }

    /// Reads the stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing more is expected to happen.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Pending | Self::Retrying => false,
            Self::Accepted | Self::Captured | Self::Dead | Self::Expired | Self::Superseded => true,
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
    /// The provider's own id of it.
    pub provider_id: Option<String>,
    /// Why the last attempt failed.
    pub cause: Option<String>,
    /// The commit that requested it.
    pub request_seq: Seq,
    /// Its newest commit.
    pub position: Seq,
}
