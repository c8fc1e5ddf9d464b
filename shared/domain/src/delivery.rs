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
    /// A provider has the whole message in hand and takes its time to answer. Without a later word of the same attempt
    /// whoever sent it was stopped, and its end is unknown.
    HandingOver {
        /// 1 for the first attempt.
        attempt: u32,
        /// Which of the channel's providers it is.
        provider: Option<String>,
    },
    /// One attempt failed and another will follow.
    Retrying {
        /// 1 for the first attempt.
        attempt: u32,
        /// Without any personal or secret text.
        cause: String,
        /// Which of the channel's providers it was; none before there were several.
        provider: Option<String>,
    },
    /// A provider took it.
    Accepted {
        /// 1 for the first attempt.
        attempt: u32,
        /// The provider's own id of the message.
        provider_id: Option<String>,
        /// Which of the channel's providers it was.
        provider: Option<String>,
        /// Where a text message went, as far as money and fraud are concerned.
        region: Option<SmsRegion>,
    },
    /// It went to the test inbox.
    Captured,
    /// It will not be sent: the provider refused it for good, or no channel is configured.
    Dead {
        /// Attempts made.
        attempt: u32,
        /// Without any personal or secret text.
        cause: String,
        /// Which of the channel's providers it was, if any was asked.
        provider: Option<String>,
    },
    /// Its time was over before it could be handed over.
    Expired {
        /// Attempts made.
        attempt: u32,
    },
    /// A newer code, a spent challenge or a changed destination made it pointless.
    Superseded,
    /// A provider says that it arrived.
    Delivered {
        /// Which provider.
        provider: Option<String>,
    },
    /// A provider had taken it, and it did not arrive after all.
    Bounced {
        /// Which provider.
        provider: Option<String>,
        /// Without any personal or secret text.
        cause: String,
        /// Whether the destination itself is to blame, so that the next message would fare no better.
        permanent: bool,
    },
    /// An operator gave a dead message another chance: it is open again.
    Redriven,
}

/// The part of a number that tells the price of a message and the likeness of fraud, and not whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SmsRegion {
    /// ISO 3166 alpha-2; `ZZ` for numbers of no country.
    pub country: String,
    /// `+`, the country calling code and at most three digits more.
    pub prefix: String,
}

/// What can happen to a destination on a tenant's suppression list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuppressionEvent {
    /// Nothing is sent there any more.
    Suppressed {
        /// An address or a number.
        channel: Channel,
        /// Why.
        cause: SuppressionCause,
        /// The message that showed it, if one did.
        message: Option<MessageId>,
    },
    /// Messages may go there again.
    Released,
}

/// Why nothing is sent to a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuppressionCause {
    /// It does not exist, or takes no messages.
    Bounced,
    /// Its owner said STOP.
    OptedOut,
    /// Its owner called a message spam.
    Complaint,
    /// Somebody with the right decided it.
    Manual,
}

impl SuppressionCause {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::OptedOut => "opted_out",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
        }
    }
}

impl SuppressionEvent {
    /// The stable dotted name, also the wire type and the audit's `kind`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Suppressed { .. } => "destination.suppressed",
            Self::Released => "destination.released",
        }
    }
}

impl DeliveryEvent {
    /// The stable dotted name, also the wire type and the audit's `kind`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Requested(_) => "delivery.requested",
            Self::HandingOver { .. } => "delivery.handing_over",
            Self::Retrying { .. } => "delivery.retrying",
            Self::Accepted { .. } => "delivery.accepted",
            Self::Captured => "delivery.captured",
            Self::Dead { .. } => "delivery.dead",
            Self::Expired { .. } => "delivery.expired",
            Self::Superseded => "delivery.superseded",
            Self::Delivered { .. } => "delivery.delivered",
            Self::Bounced { .. } => "delivery.bounced",
            Self::Redriven => "delivery.redriven",
        }
    }

    /// Whether nothing more will be sent, unless somebody redrives it.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Requested(_) | Self::HandingOver { .. } | Self::Retrying { .. } | Self::Redriven => false,
            Self::Accepted { .. }
            | Self::Captured
            | Self::Dead { .. }
            | Self::Expired { .. }
            | Self::Superseded
            | Self::Delivered { .. }
            | Self::Bounced { .. } => true,
        }
    }
}
