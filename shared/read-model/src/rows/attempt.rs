//! The ledger of a message, entry by entry.

use twofold_domain::{MessageId, TenantId, Timestamp};
use twofold_event_log::Seq;

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptResult {
    /// A provider had it in hand and took its time to answer.
    HandingOver,
    /// An attempt failed, and another was to follow.
    Retrying,
    /// A provider took it.
    Accepted,
    /// It went to the test inbox.
    Captured,
    /// Given up.
    Dead,
    /// Too late to be sent, or put away by an operator.
    Expired,
    /// Pointless by now.
    Superseded,
    /// The provider says that it arrived.
    Delivered,
    /// The provider says that it did not arrive after all.
    Bounced,
    /// An operator gave it another chance.
    Redriven,
}

impl AttemptResult {
    /// Every result.
    pub const ALL: [Self; 10] = [
        Self::HandingOver,
        Self::Retrying,
        Self::Accepted,
        Self::Captured,
        Self::Dead,
        Self::Expired,
        Self::Superseded,
        Self::Delivered,
        Self::Bounced,
        Self::Redriven,
    ];

    /// The stable name in JSON and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HandingOver => "handing_over",
            Self::Retrying => "retrying",
            Self::Accepted => "accepted",
            Self::Captured => "captured",
            Self::Dead => "dead",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Redriven => "redriven",
        }
    }

    /// Reads the stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.name() == name)
    }
}

/// An entry of a message's ledger, whether it changed where the message stands or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRow {
    /// Of which message.
    pub message: MessageId,
    /// Position of its commit.
    pub seq: Seq,
    /// Place inside the commit, from 0.
    pub idx: u32,
    /// Whose.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub result: AttemptResult,
    /// Number of the attempt, from 1; none: it is about the message as a whole.
    pub attempt: Option<u32>,
    /// Which of the channel's providers.
    pub provider: Option<String>,
    /// The provider's own id of the message.
    pub provider_id: Option<String>,
    /// Why it failed.
    pub cause: Option<String>,
}

impl AttemptRow {
    /// Its place in the order of all.
    pub fn key(&self) -> AttemptKey {
        (self.message.clone(), self.seq, self.idx)
    }
}

/// Message, position, place.
pub type AttemptKey = (MessageId, Seq, u32);
