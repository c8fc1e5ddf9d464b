//! A key store in memory, for tests and throw-away servers.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{KeyStore, Lookup, StoreFuture};

/// Keeps wraps in a map; all is gone when it is dropped, and with it everything sealed.
#[derive(Debug, Default)]
pub struct MemoryKeyStore {
    // None is a tombstone.
    keys: Mutex<HashMap<String, Option<Vec<u8>>>>,
}

impl MemoryKeyStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, Option<Vec<u8>>>> {
        // No code between lock and unlock can panic half-way through a change.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for MemoryKeyStore {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            Ok(match self.keys().get(owner) {
                None => Lookup::Absent,
                Some(None) => Lookup::Destroyed,
                Some(Some(wrapped)) => Lookup::Present(wrapped.clone()),
            })
        })
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        Box::pin(async move {
            let held = self.keys().entry(owner.to_owned()).or_insert(Some(wrapped)).clone();
            Ok(held.map_or(Lookup::Destroyed, Lookup::Present))
        })
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.keys().entry(owner.to_owned()) {
                Entry::Occupied(mut entry) if entry.get().as_deref() == Some(old) => {
                    entry.insert(Some(new));
                    Ok(true)
                }
                Entry::Occupied(_) | Entry::Vacant(_) => Ok(false),
            }
        })
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.keys().insert(owner.to_owned(), None).flatten().is_some()) })
    }
}
