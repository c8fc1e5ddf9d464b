//! The vault over a store: one key per owner, and none after its destruction.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use twofold_crypto::{
    CryptoError, KeyStore, KeyStoreError, KeyVault, Keyring, Lookup, MasterKey, MemoryKeyStore, OsRandom, StoreFuture,
    VaultError,
};
use twofold_domain::{TenantId, UserToken};

fn vault_over(master: &MasterKey, store: &Arc<dyn KeyStore>, capacity: usize) -> Arc<KeyVault> {
    Arc::new(KeyVault::new(Arc::new(Keyring::new(master)), Arc::clone(store), Arc::new(OsRandom), capacity))
}

fn ids(n: u8) -> (TenantId, UserToken) {
    (TenantId::from_bytes([n; 16]), UserToken::from_bytes([n; 16]))
}

fn memory() -> Arc<dyn KeyStore> {
    Arc::new(MemoryKeyStore::new())
}

#[tokio::test]
async fn a_key_is_made_once_and_found_again() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let vault = vault_over(&master, &store, 100);
    let (tenant, user) = ids(1);
    assert!(matches!(vault.existing(&tenant, &user).await, Err(VaultError::Absent)));
    assert!(vault.cached(&tenant, &user).is_none());
    let key = vault.get_or_create(&tenant, &user).await.expect("made");
    let sealed = key.seal(b"aad", b"secret", &OsRandom);

    assert!(Arc::ptr_eq(&key, &vault.cached(&tenant, &user).expect("cached")));
    assert!(Arc::ptr_eq(&key, &vault.existing(&tenant, &user).await.expect("cached")));
    let other = vault_over(&master, &store, 100);
    let found = other.existing(&tenant, &user).await.expect("stored");
    assert_eq!(found.open(b"aad", &sealed).expect("opens").as_slice(), b"secret");

    let tenant_key = vault.tenant_key(&tenant).await.expect("made");
    assert!(Arc::ptr_eq(&tenant_key, &vault.tenant_key(&tenant).await.expect("cached")));
    assert!(tenant_key.open(b"aad", &sealed).is_err(), "a key of its own");
}

#[tokio::test]
async fn a_destroyed_key_is_gone_from_cache_and_store() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let (here, there) = (vault_over(&master, &store, 100), vault_over(&master, &store, 100));
    let (tenant, user) = ids(1);
    here.get_or_create(&tenant, &user).await.expect("made");
    there.existing(&tenant, &user).await.expect("found");
    assert!(here.destroy(&tenant, &user).await.expect("destroyed"));
    assert!(!here.destroy(&tenant, &user).await.expect("destroyed"));
    assert!(here.cached(&tenant, &user).is_none());
    assert!(matches!(here.existing(&tenant, &user).await, Err(VaultError::Destroyed)));
    assert!(matches!(here.get_or_create(&tenant, &user).await, Err(VaultError::Destroyed)));

    there.forget(&tenant, &user);
    assert!(there.cached(&tenant, &user).is_none());
    assert!(matches!(there.existing(&tenant, &user).await, Err(VaultError::Destroyed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_processes_get_one_key() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let (tenant, user) = ids(1);
    let mut tasks = JoinSet::new();
    for _ in 0..32 {
        let vault = vault_over(&master, &store, 100);
        let (tenant, user) = (tenant.clone(), user.clone());
        tasks.spawn(async move { vault.get_or_create(&tenant, &user).await.expect("made") });
    }
    let keys = tasks.join_all().await;
    let sealed = keys[0].seal(b"", b"x", &OsRandom);
    assert!(keys.iter().all(|key| key.open(b"", &sealed).is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_racing_a_destruction_caches_nothing() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    for n in 0..50 {
        let vault = vault_over(&master, &store, 100);
        let (tenant, user) = ids(n);
        vault.get_or_create(&tenant, &user).await.expect("made");
        vault.forget(&tenant, &user);
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (vault, tenant, user) = (Arc::clone(&vault), tenant.clone(), user.clone());
            tasks.spawn(async move {
                let _ = vault.existing(&tenant, &user).await;
            });
        }
        vault.destroy(&tenant, &user).await.expect("destroyed");
        tasks.join_all().await;
        assert!(vault.cached(&tenant, &user).is_none());
    }
}

#[tokio::test]
async fn the_cache_is_bounded() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let vault = vault_over(&master, &store, 16);
    let tenant = TenantId::from_bytes([0; 16]);
    let user = |n: u8| UserToken::from_bytes([n; 16]);
    for n in 0..=255 {
        vault.get_or_create(&tenant, &user(n)).await.expect("made");
    }
    let cached = (0..=255).filter(|n| vault.cached(&tenant, &user(*n)).is_some()).count();
    assert!((1..=32).contains(&cached), "{cached}");
}

#[tokio::test]
async fn a_wrong_master_key_or_a_swapped_wrap_is_corrupt() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let (tenant, user) = ids(1);
    vault_over(&master, &store, 10).get_or_create(&tenant, &user).await.expect("made");
    let stranger = vault_over(&MasterKey::generate(&OsRandom), &store, 10);
    assert!(matches!(stranger.existing(&tenant, &user).await, Err(VaultError::Corrupt(CryptoError::UnknownMaster(_)))));

    let Lookup::Present(wrapped) = store.get(&format!("{tenant}/{user}")).await.expect("answer") else {
        panic!("stored under tenant/user")
    };
    let (other_tenant, other_user) = ids(2);
    store.put_if_absent(&format!("{other_tenant}/{other_user}"), wrapped).await.expect("answer");
    assert!(matches!(
        vault_over(&master, &store, 10).existing(&other_tenant, &other_user).await,
        Err(VaultError::Corrupt(CryptoError::Authentication))
    ));
}

#[tokio::test]
async fn rotation_renews_wraps_so_that_the_old_master_is_not_needed_to_open_them() {
    let (old, new, store) = (MasterKey::generate(&OsRandom), MasterKey::generate(&OsRandom), memory());
    let (tenant, user) = ids(1);
    let before = vault_over(&old, &store, 10);
    let sealed = before.get_or_create(&tenant, &user).await.expect("made").seal(b"", b"x", &OsRandom);
    before.tenant_key(&tenant).await.expect("made");

    let both = Arc::new(Keyring::with_previous(&new, std::slice::from_ref(&old)));
    let rotated = KeyVault::new(both, Arc::clone(&store), Arc::new(OsRandom), 10);
    assert!(rotated.existing(&tenant, &user).await.expect("opens").open(b"", &sealed).is_ok());
    assert!(rotated.rewrap(&tenant, &user).await.expect("renewed"));
    assert!(!rotated.rewrap(&tenant, &user).await.expect("nothing to do"));
    assert!(rotated.rewrap_tenant(&tenant).await.expect("renewed"));

    let newest = vault_over(&new, &store, 10);
    assert!(newest.existing(&tenant, &user).await.expect("opens").open(b"", &sealed).is_ok());
    newest.tenant_key(&tenant).await.expect("opens");
}

#[derive(Debug)]
struct Broken;

fn refuse<'a, T>() -> StoreFuture<'a, T> {
    Box::pin(async { Err(KeyStoreError::unavailable("disk on fire")) })
}

impl KeyStore for Broken {
    fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Lookup> {
        refuse()
    }
    fn put_if_absent<'a>(&'a self, _: &'a str, _: Vec<u8>) -> StoreFuture<'a, Lookup> {
        refuse()
    }
    fn replace<'a>(&'a self, _: &'a str, _: &'a [u8], _: Vec<u8>) -> StoreFuture<'a, bool> {
        refuse()
    }
    fn destroy<'a>(&'a self, _: &'a str) -> StoreFuture<'a, bool> {
        refuse()
    }
}

#[tokio::test]
async fn an_outage_is_told_from_an_absent_key() {
    let store: Arc<dyn KeyStore> = Arc::new(Broken);
    let vault = vault_over(&MasterKey::generate(&OsRandom), &store, 10);
    let (tenant, user) = ids(1);
    assert!(matches!(vault.existing(&tenant, &user).await, Err(VaultError::Unavailable(_))));
    assert!(matches!(vault.get_or_create(&tenant, &user).await, Err(VaultError::Unavailable(_))));
    assert!(matches!(vault.tenant_key(&tenant).await, Err(VaultError::Unavailable(_))));
    assert!(matches!(vault.destroy(&tenant, &user).await, Err(VaultError::Unavailable(_))));
}

#[tokio::test]
async fn a_key_that_another_process_destroyed_is_confirmed_to_nobody() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let (here, there) = (vault_over(&master, &store, 100), vault_over(&master, &store, 100));
    let (tenant, user) = ids(1);
    here.get_or_create(&tenant, &user).await.expect("made");
    there.confirmed(&tenant, &user).await.expect("there");
    here.destroy(&tenant, &user).await.expect("destroyed");
    assert!(there.existing(&tenant, &user).await.is_ok(), "from memory");
    assert!(matches!(there.confirmed(&tenant, &user).await, Err(VaultError::Destroyed)));
    assert!(there.cached(&tenant, &user).is_none(), "and what was in memory is forgotten");
}

#[tokio::test]
async fn a_key_that_was_in_memory_for_too_long_is_asked_for_again_and_wiped() {
    let (master, store) = (MasterKey::generate(&OsRandom), memory());
    let vault = |memory| {
        KeyVault::new(Arc::new(Keyring::new(&master)), Arc::clone(&store), Arc::new(OsRandom), 100).with_memory(memory)
    };
    let (tenant, user) = ids(1);
    let patient = vault(Duration::from_hours(1));
    let key = patient.get_or_create(&tenant, &user).await.expect("made");
    patient.sweep();
    assert!(Arc::ptr_eq(&key, &patient.cached(&tenant, &user).expect("kept")));

    let forgetful = vault(Duration::ZERO);
    let key = forgetful.existing(&tenant, &user).await.expect("there");
    assert!(forgetful.cached(&tenant, &user).is_none());
    assert_eq!(Arc::strong_count(&key), 2, "unused, but still there");
    forgetful.sweep();
    assert_eq!(Arc::strong_count(&key), 1);
    patient.destroy(&tenant, &user).await.expect("destroyed");
    assert!(matches!(forgetful.existing(&tenant, &user).await, Err(VaultError::Destroyed)));
}
