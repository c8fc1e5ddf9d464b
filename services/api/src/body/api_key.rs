//! API keys as tenants and operators see them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use twofold_domain::Mode;
use twofold_domain::tenant::{ApiKeyRecord, Scope, Tenant};
use twofold_engine::{CreatedKey, NewKey};
use utoipa::ToSchema;

/// Live or test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeName {
    /// Real users.
    Live,
    /// Test users; messages to them go to the test inbox.
    Test,
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Live => Self::Live,
            ModeName::Test => Self::Test,
        }
    }
}

/// What a tenant's key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    /// Challenges, verification and enrolments.
    Login,
    /// Users.
    Users,
    /// The audit trail and replayed state.
    Audit,
    /// Settings, channels and accounts.
    Settings,
    /// API keys.
    Keys,
    /// Bounces of mail, and the list of suppressed destinations.
    Delivery,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Login => Self::Login,
            ScopeName::Users => Self::Users,
            ScopeName::Audit => Self::Audit,
            ScopeName::Settings => Self::Settings,
            ScopeName::Keys => Self::Keys,
            ScopeName::Delivery => Self::Delivery,
        }
    }
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyPost {
    /// `live` or `test`. Default: the mode of the key that asks; `live` for an operator.
    #[serde(default)]
    pub mode: Option<ModeName>,
    /// What it may be used for. Default: everything a tenant's key can be.
    #[serde(default)]
    pub scopes: Option<BTreeSet<ScopeName>>,
    /// What people call it. 1 to 64 characters.
    pub label: String,
}

impl ApiKeyPost {
    /// As the engine wants it.
    pub fn read(self, default_mode: Mode) -> NewKey {
        let scopes = self
            .scopes
            .map_or_else(|| BTreeSet::from(Scope::TENANT), |names| names.into_iter().map(Scope::from).collect());
        NewKey { mode: self.mode.map_or(default_mode, Mode::from), scopes, label: self.label }
    }
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyBody {
    /// Its id: the first part of the key, after the prefix.
    pub id: String,
    /// `live` or `test`.
    pub mode: &'static str,
    /// What it may be used for.
    pub scopes: Vec<&'static str>,
    /// What people call it.
    pub label: String,
}

impl ApiKeyBody {
    /// From a record.
    pub fn of(record: &ApiKeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            mode: record.mode.name(),
            scopes: record.scopes.iter().map(|scope| scope.name()).collect(),
            label: record.label.clone(),
        }
    }

    /// A tenant's keys, in the order of their ids.
    pub fn all(tenant: &Tenant, shown: impl Fn(&ApiKeyRecord) -> bool) -> Vec<Self> {
        tenant.keys.values().filter(|record| shown(record)).map(Self::of).collect()
    }
}

/// A key just made.
#[derive(Serialize, ToSchema)]
pub struct NewApiKeyBody {
    /// The key itself. Shown only now.
    #[schema(example = "tf_live_…")]
    pub key: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub record: ApiKeyBody,
    /// Position of the write.
    pub position: u64,
}

impl NewApiKeyBody {
    /// From what the engine made.
    pub fn of(created: &CreatedKey) -> Self {
        Self {
            key: created.key.expose().to_owned(),
            record: ApiKeyBody::of(&created.record),
            position: created.position.0,
        }
    }
}
