//! What can happen to a tenant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Channel, KeyId, KeyedHash, Mode, Sealed};

/// What an API key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Challenges, verification and enrolments: what a login page needs.
    Login,
    /// Users: register, change, reset, disable, unlock.
    Users,
    /// The audit trail and replayed state.
    Audit,
    /// The tenant's settings, channels and accounts.
    Settings,
    /// API keys.
    Keys,
    /// Bounces of mail, and the list of suppressed destinations: for the program behind a mailbox.
    Delivery,
    /// Tenants. Only operator keys have it, and they have nothing else.
    Operator,
}

impl Scope {
    /// What an ordinary tenant key may have.
    pub const TENANT: [Self; 6] = [Self::Login, Self::Users, Self::Audit, Self::Settings, Self::Keys, Self::Delivery];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Users => "users",
            Self::Audit => "audit",
            Self::Settings => "settings",
            Self::Keys => "keys",
            Self::Delivery => "delivery",
            Self::Operator => "operator",
        }
    }
}

/// What is kept of an API key: never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The public half.
    pub id: KeyId,
    /// Keyed hash of the secret half.
    pub hash: KeyedHash,
    /// Live or test.
    pub mode: Mode,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// What people call it. 1 to 64 characters.
    pub label: String,
}

/// Everything that can happen to a tenant.
#[derive(Debug, Clone, PartialEq)]
pub enum TenantEvent {
    /// A tenant was created.
    Created {
        /// What the operator calls it. Unique.
        name: String,
        /// The preset it was made from, if any.
        preset: Option<String>,
        /// Its settings document.
        document: serde_json::Value,
    },
    /// The settings document was changed; carries the whole new one.
    SettingsChanged {
        /// The document.
        document: serde_json::Value,
    },
    /// A key was made.
    ApiKeyCreated(ApiKeyRecord),
    /// A key is dead.
    ApiKeyRevoked {
        /// Which.
        id: KeyId,
    },
    /// A channel can be used now.
    ChannelConfigured {
        /// Which.
        channel: Channel,
        /// Its configuration, credentials included, under the tenant's key.
        config: Sealed,
    },
    /// A channel cannot be used any more.
    ChannelRemoved {
        /// Which.
        channel: Channel,
    },
    /// Somebody tries a channel out with a message to a destination of his own. Written before it is sent.
    ChannelTested {
        /// Which.
        channel: Channel,
    },
    /// Every key of the tenant is refused until resumed.
    Suspended,
    /// The keys work again.
    Resumed,
    /// Nothing is handed over any more; messages wait until resumed or expired.
    DeliveryPaused {
        /// Over which channel.
        channel: Channel,
        /// Only by this provider; none: by any.
        provider: Option<String>,
    },
    /// Messages are handed over again.
    DeliveryResumed {
        /// Over which channel.
        channel: Channel,
        /// By this provider; none: what held for all of them.
        provider: Option<String>,
    },
    /// No text message goes to numbers that begin like this.
    PrefixStopped {
        /// `+` and digits.
        prefix: String,
        /// Without any personal text.
        reason: String,
    },
    /// Text messages go there again.
    PrefixReleased {
        /// `+` and digits.
        prefix: String,
    },
}

impl TenantEvent {
    /// The stable dotted name, also the wire type and the audit's `kind`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "tenant.created",
            Self::SettingsChanged { .. } => "tenant.settings_changed",
            Self::ApiKeyCreated(_) => "api_key.created",
            Self::ApiKeyRevoked { .. } => "api_key.revoked",
            Self::ChannelConfigured { .. } => "channel.configured",
            Self::ChannelRemoved { .. } => "channel.removed",
            Self::ChannelTested { .. } => "channel.tested",
            Self::Suspended => "tenant.suspended",
            Self::Resumed => "tenant.resumed",
            Self::DeliveryPaused { .. } => "channel.paused",
            Self::DeliveryResumed { .. } => "channel.resumed",
            Self::PrefixStopped { .. } => "prefix.stopped",
            Self::PrefixReleased { .. } => "prefix.released",
        }
    }
}
