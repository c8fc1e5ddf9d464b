//! Who acts, and the standing that the rules look at.

use serde::{Deserialize, Serialize};

use crate::AccountId;

/// Role of a user inside an account (S2-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An ordinary user.
    #[default]
    User,
    /// An administrator of the account.
    Admin,
}

impl Role {
    /// The stable name in JSON and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

/// Kind of actor, recorded with every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The owner of the second factor.
    User,
    /// An administrator of the same account.
    AccountAdmin,
    /// The provider's support.
    Support,
    /// The panel or Twofold itself.
    System,
}

impl ActorKind {
    /// The stable name in JSON and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::AccountAdmin => "account_admin",
            Self::Support => "support",
            Self::System => "system",
        }
    }
}

/// An actor together with what the rules need to know of him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The user himself.
    User,
    /// Somebody who says he is an administrator; role and account as *his own* state in the log has them.
    AccountAdmin {
        /// His role.
        role: Role,
        /// His account.
        account: Option<AccountId>,
    },
    /// The provider's support. A reason is mandatory.
    Support {
        /// Whether a reason was given.
        has_reason: bool,
    },
    /// The panel itself.
    System,
}

impl Actor {
    /// The kind to record.
    pub const fn kind(&self) -> ActorKind {
        match self {
            Self::User => ActorKind::User,
            Self::AccountAdmin { .. } => ActorKind::AccountAdmin,
            Self::Support { .. } => ActorKind::Support,
            Self::System => ActorKind::System,
        }
    }
}
