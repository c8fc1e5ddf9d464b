//! The keys of users and tenants, unwrapped on demand and kept in a bounded cache.

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quick_cache::{Equivalent, sync::Cache};
use twofold_domain::{TenantId, UserToken};

use crate::{
    data_key::DataKey,
    error::CryptoError,
    key_store::{KeyStore, KeyStoreError, Lookup},
    keyring::Keyring,
    random::Random,
};

/// Why there is no key to work with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// The user or tenant has no key yet: nothing was ever sealed for it.
    #[error("there is no key of this owner")]
    Absent,
    /// The key was destroyed; what was sealed under it is erased.
    #[error("the key of this owner was destroyed")]
    Destroyed,
    /// The store did not answer: 503, never a decision (invariant 6).
    #[error(transparent)]
    Unavailable(#[from] KeyStoreError),
    /// What the store holds does not open: a wrong or missing master key, or a damaged store.
    #[error("the stored key of this owner does not open: {0}")]
    Corrupt(#[from] CryptoError),
}

/// How long a user's key is used from memory before the store is asked again. Bounds how long a key that another
/// process destroyed outlives it in this one, should nobody ask for the user here.
const MEMORY: Duration = Duration::from_mins(5);

/// Hands out user and tenant keys. Cheap to ask for keys used lately; keys that leave the cache are wiped as soon as
/// the last `Arc` of them is gone.
#[derive(Debug)]
pub struct KeyVault {
    keyring: Arc<Keyring>,
    store: Arc<dyn KeyStore>,
    rng: Arc<dyn Random>,
    users: Cache<(TenantId, UserToken), Remembered>,
    tenants: Cache<TenantId, Arc<DataKey>>,
    /// Counts what was forgotten, so that a load which began before is not cached after.
    forgotten: AtomicU64,
    memory: Duration,
}

/// A user's key and since when it is here.
#[derive(Debug, Clone)]
struct Remembered {
    key: Arc<DataKey>,
    since: Instant,
}

/// A borrowed cache key: asking costs no allocation.
#[derive(Hash)]
struct UserRef<'a>(&'a TenantId, &'a UserToken);

impl Equivalent<(TenantId, UserToken)> for UserRef<'_> {
    fn equivalent(&self, key: &(TenantId, UserToken)) -> bool {
        *self.0 == key.0 && *self.1 == key.1
    }
}

impl KeyVault {
    /// A vault over a store. `capacity` is the number of user keys kept unwrapped, about 250 bytes each; as many tenant
    /// keys may be kept besides.
    pub fn new(keyring: Arc<Keyring>, store: Arc<dyn KeyStore>, rng: Arc<dyn Random>, capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            keyring,
            store,
            rng,
            users: Cache::new(capacity),
            tenants: Cache::new(capacity),
            forgotten: AtomicU64::new(0),
            memory: MEMORY,
        }
    }

    /// The same with another time that a user's key is used from memory; 5 minutes unless told.
    pub fn with_memory(self, memory: Duration) -> Self {
        Self { memory, ..self }
    }

    /// The user's key if it is unwrapped already; never waits. `None` says nothing about whether there is one.
    pub fn cached(&self, tenant: &TenantId, user: &UserToken) -> Option<Arc<DataKey>> {
        let held = self.users.get(&UserRef(tenant, user))?;
        (held.since.elapsed() < self.memory).then_some(held.key)
    }

    /// The key of a user who must have one.
    pub async fn existing(&self, tenant: &TenantId, user: &UserToken) -> Result<Arc<DataKey>, VaultError> {
        match self.cached(tenant, user) {
            Some(key) => Ok(key),
            None => self.confirmed(tenant, user).await,
        }
    }

    /// As [`KeyVault::existing`], and always as the store has it now: a key that another process destroyed a moment ago
    /// is not handed out. For reading what may have been erased, where nothing else would tell.
    pub async fn confirmed(&self, tenant: &TenantId, user: &UserToken) -> Result<Arc<DataKey>, VaultError> {
        let before = self.forgotten.load(Ordering::SeqCst);
        let owner = owner_of(tenant, user);
        let key = match self.store.get(&owner).await? {
            Lookup::Absent => return Err(VaultError::Absent),
            Lookup::Destroyed => {
                self.forget(tenant, user);
                return Err(VaultError::Destroyed);
            }
            Lookup::Present(wrapped) => Arc::new(self.keyring.unwrap(&owner, &wrapped)?),
        };
        self.remember(tenant, user, &key, before);
        Ok(key)
    }

    /// The user's key, made now if there is none. Of several processes making it at once, all get the same one.
    pub async fn get_or_create(&self, tenant: &TenantId, user: &UserToken) -> Result<Arc<DataKey>, VaultError> {
        if let Some(key) = self.cached(tenant, user) {
            return Ok(key);
        }
        let before = self.forgotten.load(Ordering::SeqCst);
        let key = self.load_or_make(&owner_of(tenant, user)).await?;
        self.remember(tenant, user, &key, before);
        Ok(key)
    }

    /// The tenant's own key, made now if there is none. Seals what belongs to the tenant and to no user.
    pub async fn tenant_key(&self, tenant: &TenantId) -> Result<Arc<DataKey>, VaultError> {
        if let Some(key) = self.tenants.get(tenant) {
            return Ok(key);
        }
        let key = self.load_or_make(tenant.as_str()).await?;
        self.tenants.insert(tenant.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// Destroys the user's key for good, here and in the store; `true` when there was one. Other processes must
    /// [`KeyVault::forget`] it when they see the event.
    pub async fn destroy(&self, tenant: &TenantId, user: &UserToken) -> Result<bool, VaultError> {
        // Forgotten even if the store fails: a cached key must not outlive an attempt whose outcome is unknown.
        self.forget(tenant, user);
        let existed = self.store.destroy(&owner_of(tenant, user)).await?;
        self.forget(tenant, user);
        Ok(existed)
    }

    /// Drops the user's key from the cache, for keys destroyed by another process.
    pub fn forget(&self, tenant: &TenantId, user: &UserToken) {
        // Counted before removing: a load that misses the count has put its key in before the removal.
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.users.remove(&UserRef(tenant, user));
    }

    /// Wipes the users' keys that have been in memory for too long. To be called now and then.
    pub fn sweep(&self) {
        self.users.retain(|_, held| held.since.elapsed() < self.memory);
    }

    /// Renews the stored wrap of a user's key under the current master key; `false` when there was nothing to do.
    pub async fn rewrap(&self, tenant: &TenantId, user: &UserToken) -> Result<bool, VaultError> {
        self.rewrap_owner(&owner_of(tenant, user)).await
    }

    /// Renews the stored wrap of a tenant's key under the current master key; `false` when there was nothing to do.
    pub async fn rewrap_tenant(&self, tenant: &TenantId) -> Result<bool, VaultError> {
        self.rewrap_owner(tenant.as_str()).await
    }

    async fn rewrap_owner(&self, owner: &str) -> Result<bool, VaultError> {
        let Lookup::Present(old) = self.store.get(owner).await? else { return Ok(false) };
        match self.keyring.rewrap(owner, &old, &*self.rng)? {
            None => Ok(false),
            Some(new) => Ok(self.store.replace(owner, &old, new).await?),
        }
    }

    async fn load_or_make(&self, owner: &str) -> Result<Arc<DataKey>, VaultError> {
        let held = match self.store.get(owner).await? {
            Lookup::Absent => {
                let key = DataKey::generate(&*self.rng);
                self.store.put_if_absent(owner, self.keyring.wrap(owner, &key, &*self.rng)).await?
            }
            held @ (Lookup::Present(_) | Lookup::Destroyed) => held,
        };
        // Unwrapped even when it is our own: what is used from now on is what the store really gave back.
        match held {
            Lookup::Absent => Err(VaultError::Absent),
            Lookup::Destroyed => Err(VaultError::Destroyed),
            Lookup::Present(wrapped) => Ok(Arc::new(self.keyring.unwrap(owner, &wrapped)?)),
        }
    }

    fn remember(&self, tenant: &TenantId, user: &UserToken, key: &Arc<DataKey>, before: u64) {
        let held = Remembered { key: Arc::clone(key), since: Instant::now() };
        self.users.insert((tenant.clone(), user.clone()), held);
        if self.forgotten.load(Ordering::SeqCst) != before {
            self.users.remove(&UserRef(tenant, user));
        }
    }
}

/// The owner under which a user's key is stored and bound.
fn owner_of(tenant: &TenantId, user: &UserToken) -> String {
    format!("{tenant}/{user}")
}
