//! The delivery request and the ledger of what became of it.

use crate::user::{Destination, MessageKind};
use crate::{Channel, MessageId, Mode, Timestamp, UserToken};

/// A message to be sent. Appended in the same commit group as the event that caused it, so there is no dual write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRequested {
    /// Its id.
    pub message: MessageId,
    /// Whose.
    pub user: UserToken,
    /// Live, or for the test inbox.
    pub mode: Mode,
    /// How.
    pub channel: Channel,
    /// Where to.
    pub destination: Destination,
    /// What.
    pub kind: MessageKind,
    /// Language of the user.
    pub locale: Option<String>,
    /// After this instant it must not be handed over any more.
    pub expires_at: Timestamp,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// To be sent.
    Requested(DeliveryRequested),
    /// One attempt failed and another will follow.
    Retrying {
        /// 1 for the first attempt.
        attempt: u32,
        /// Without any personal or secret text.
        cause: String,
    },
    /// A provider took it.
    Accepted {
        /// 1 for the first attempt.
        attempt: u32,
        /// The provider's own id of the message.
        provider_id: Option<String>,
    },
    /// It went to the test inbox.
    Captured,
    /// It will not be sent: the provider refused it for good, or no channel is configured.
    Dead {
        /// Attempts made.
        attempt: u32,
        /// Without any personal or secret text.
        cause: String,
    },
    /// Its time was over before it could be handed over.
    Expired {
        /// Attempts made.
        attempt: u32,
    },
    /// A newer code, a spent challenge or a changed destination made it pointless.
    Superseded,
}

impl DeliveryEvent {
    /// The stable dotted name, also the wire type and the audit's `kind`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested(_) => "delivery.requested",
            Self::Retrying { .. } => "delivery.retrying",
            Self::Accepted { .. } => "delivery.accepted",
            Self::Captured => "delivery.captured",
            Self::Dead { .. } => "delivery.dead",
            Self::Expired { .. } => "delivery.expired",
            Self::Superseded => "delivery.superseded",
        }
    }

    /// Whether nothing more will happen to the message.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Requested(_) | Self::Retrying { .. } => false,
            Self::Accepted { .. } | Self::Captured | Self::Dead { .. } | Self::Expired { .. } | Self::Superseded => {
                true
            }
        }
    }
}
