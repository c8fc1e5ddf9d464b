//! Tenants, API keys and account overrides in memory, followed live from the log.

mod follow;
mod status;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;
use twofold_crypto::api_key::parse;
use twofold_crypto::{ApiKeyKind, Keyring, constant_time_eq};
use twofold_domain::settings::Settings;
use twofold_domain::tenant::{Account, ApiKeyRecord, Scope, Tenant};
use twofold_domain::{AccountId, Channel, KeyId, KeyedHash, Mode, Sealed, TenantId};
use twofold_event_log::Seq;

pub use follow::follow;
pub use status::DirectoryStatus;

/// A tenant as requests see it.
#[derive(Debug, Clone)]
pub struct TenantView {
    /// Its id.
    pub id: TenantId,
    /// Its folded state.
    pub state: Tenant,
    /// The last commit in it. Older ones that the follower still brings are ignored, so a revoked key never comes back.
    pub position: Seq,
}

impl TenantView {
    /// The tenant's own rules, before account overrides.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.state.settings
    }

    /// The sealed configuration of a channel.
    pub fn channel(&self, channel: Channel) -> Option<&Sealed> {
        self.state.channels.get(&channel)
    }
}

/// Who a key belongs to. The tenant of a request comes from here and from nowhere else (invariant 4).
#[derive(Debug, Clone)]
pub struct Principal {
    /// The tenant.
    pub tenant: Arc<TenantView>,
    /// The key's public half.
    pub key: KeyId,
    /// Live or test.
    pub mode: Mode,
    /// What the key may be used for.
    pub scopes: Arc<BTreeSet<Scope>>,
}

#[derive(Debug, Clone)]
struct KeyEntry {
    tenant: TenantId,
    hash: KeyedHash,
    mode: Mode,
    scopes: Arc<BTreeSet<Scope>>,
}

#[derive(Debug, Default)]
struct Tables {
    tenants: HashMap<TenantId, Arc<TenantView>>,
    keys: HashMap<KeyId, KeyEntry>,
    accounts: HashMap<(TenantId, AccountId), AccountEntry>,
}

#[derive(Debug)]
struct AccountEntry {
    account: Account,
    settings: Arc<Settings>,
    position: Seq,
}

/// The directory. A change is visible to this process as soon as it is appended, to others when they follow the log.
#[derive(Debug, Default)]
pub struct Directory {
    tables: RwLock<Tables>,
}

impl Directory {
    /// Whose key this is. `None` for a key that is malformed, unknown, revoked, of a suspended tenant, or wrong: the
    /// caller learns no difference.
    pub fn authenticate(&self, keyring: &Keyring, text: &str) -> Option<Principal> {
        let parsed = parse(text).ok()?;
        let hash = keyring.api_key_hash(&parsed.secret);
        let tables = self.tables.read();
        let entry = tables.keys.get(&parsed.id)?;
        if !constant_time_eq(hash.as_bytes(), entry.hash.as_bytes()) {
            return None;
        }
        let operator = entry.scopes.contains(&Scope::Operator);
        let fits = match parsed.kind {
            ApiKeyKind::Operator => operator,
            ApiKeyKind::Live => !operator && entry.mode == Mode::Live,
            ApiKeyKind::Test => !operator && entry.mode == Mode::Test,
        };
        let tenant = tables.tenants.get(&entry.tenant).filter(|t| fits && !t.state.suspended)?;
        Some(Principal {
            tenant: Arc::clone(tenant),
            key: parsed.id,
            mode: entry.mode,
            scopes: Arc::clone(&entry.scopes),
        })
    }

    /// A tenant by id.
    pub fn tenant(&self, id: &TenantId) -> Option<Arc<TenantView>> {
        self.tables.read().tenants.get(id).cloned()
    }

    /// Every tenant.
    pub fn tenants(&self) -> Vec<Arc<TenantView>> {
        self.tables.read().tenants.values().cloned().collect()
    }

    /// The effective rules of a user of this account.
    pub fn settings_for(&self, tenant: &TenantView, account: Option<&AccountId>) -> Arc<Settings> {
        let Some(account) = account else { return Arc::clone(tenant.settings()) };
        let tables = self.tables.read();
        let found = tables.accounts.get(&(tenant.id.clone(), account.clone()));
        found.map_or_else(|| Arc::clone(tenant.settings()), |entry| Arc::clone(&entry.settings))
    }

    /// An account's overrides, an empty object when it has none; and the position of its last commit.
    pub fn account(&self, tenant: &TenantId, account: &AccountId) -> (Account, Seq) {
        let tables = self.tables.read();
        tables.accounts.get(&(tenant.clone(), account.clone())).map_or_else(
            || (Account { panel_id: None, overrides: serde_json::json!({}) }, Seq::ZERO),
            |entry| (entry.account.clone(), entry.position),
        )
    }

    pub(crate) fn put_tenant(&self, id: &TenantId, state: Tenant, position: Seq) {
        let mut tables = self.tables.write();
        if tables.tenants.get(id).is_some_and(|known| known.position > position) {
            return;
        }
        tables.keys.retain(|_, entry| entry.tenant != *id);
        for record in state.keys.values() {
            tables.keys.insert(record.id.clone(), entry_of(id, record));
        }
        // The tenant's rules lie under every account's overrides.
        let document = state.document.clone();
        for ((tenant, _), entry) in &mut tables.accounts {
            if tenant == id {
                entry.settings = effective(&document, &entry.account, &state.settings);
            }
        }
        tables.tenants.insert(id.clone(), Arc::new(TenantView { id: id.clone(), state, position }));
    }

    pub(crate) fn put_account(&self, tenant: &TenantId, id: &AccountId, account: Account, position: Seq) {
        let mut tables = self.tables.write();
        let key = (tenant.clone(), id.clone());
        if tables.accounts.get(&key).is_some_and(|known| known.position > position) {
            return;
        }
        let (document, fallback) = tables.tenants.get(tenant).map_or_else(
            || (serde_json::json!({}), Arc::default()),
            |view| (view.state.document.clone(), Arc::clone(&view.state.settings)),
        );
        let settings = effective(&document, &account, &fallback);
        tables.accounts.insert(key, AccountEntry { account, settings, position });
    }
}

fn entry_of(tenant: &TenantId, record: &ApiKeyRecord) -> KeyEntry {
    KeyEntry { tenant: tenant.clone(), hash: record.hash, mode: record.mode, scopes: Arc::new(record.scopes.clone()) }
}

/// Overrides that no longer fit a changed tenant document give way to the tenant's own rules.
fn effective(document: &serde_json::Value, account: &Account, fallback: &Arc<Settings>) -> Arc<Settings> {
    Settings::overlay(document, &account.overrides)
        .map_or_else(|_| Arc::clone(fallback), |(_, settings)| Arc::new(settings))
}
