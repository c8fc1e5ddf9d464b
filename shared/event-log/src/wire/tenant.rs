//! Wire form of the events of tenants and accounts.

use std::collections::BTreeSet;

use serde_json::Value;
use twofold_domain::tenant::{AccountEvent, ApiKeyRecord, Scope, TenantEvent};
use twofold_domain::{Channel, KeyId, KeyedHash, Mode, Sealed};

use super::family::{family, record};
use super::value::names;

family! {
    TenantEvent of "tenant" {
        /// A tenant was created.
        "tenant.created" 1 => Created { name: String, preset: Option<String>, document: Value },
        /// The settings document was changed; carries the whole new one.
        "tenant.settings_changed" 1 => SettingsChanged { document: Value },
        /// An API key was made; carries a keyed hash of its secret half.
        "api_key.created" 2 => ApiKeyCreated(record: ApiKeyRecord),
        /// An API key is dead.
        "api_key.revoked" 1 => ApiKeyRevoked { id: KeyId },
        /// A channel can be used now; its configuration is sealed, credentials included.
        "channel.configured" 1 => ChannelConfigured { channel: Channel, config: Sealed },
        /// A channel cannot be used any more.
        "channel.removed" 1 => ChannelRemoved { channel: Channel },
        /// Somebody tries a channel out with a test message; written before it is sent.
        "channel.tested" 1 => ChannelTested { channel: Channel },
        /// Every key of the tenant is refused until resumed.
        "tenant.suspended" 1 => Suspended,
        /// The keys work again.
        "tenant.resumed" 1 => Resumed,
        /// Nothing is handed over any more, over a channel or by one of its providers.
        "channel.paused" 1 => DeliveryPaused { channel: Channel, provider: Option<String> },
        /// Messages are handed over again.
        "channel.resumed" 1 => DeliveryResumed { channel: Channel, provider: Option<String> },
        /// No text message goes to numbers that begin like this.
        "prefix.stopped" 1 => PrefixStopped { prefix: String, reason: String },
        /// Text messages go there again.
        "prefix.released" 1 => PrefixReleased { prefix: String },
    }
}

family! {
    AccountEvent of "account" {
        /// The account's overrides of the tenant's settings were set; an empty object means none.
        "account.overrides_set" 1 => OverridesSet { panel_id: Sealed, overrides: Value },
    }
}

record! {
    ApiKeyRecord { id: KeyId, hash: KeyedHash, mode: Mode, scopes: BTreeSet<Scope>, label: String }
}

names! {
    Scope {
        Login = "login",
        Users = "users",
        Audit = "audit",
        Settings = "settings",
        Keys = "keys",
        Delivery = "delivery",
        Operator = "operator",
    }
}
