//! Where wrapped user and tenant keys are kept: outside the log, so that destroying a key makes the events that were
//! sealed under it unreadable for good.

#[cfg(feature = "conformance")]
pub mod conformance;
mod memory;
mod sqlite;

use std::{error::Error, pin::Pin, sync::Arc};

pub use memory::MemoryKeyStore;
pub use sqlite::SqliteKeyStore;

/// What a store holds of an owner.
#[derive(Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing, and never has.
    Absent,
    /// A wrapped key.
    Present(Vec<u8>),
    /// A key was destroyed here; there will never be one again.
    Destroyed,
}

impl std::fmt::Debug for Lookup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Present(_) => "Present(..)",
            Self::Destroyed => "Destroyed",
        })
    }
}

/// Why a store did not answer. The caller answers 503 and decides nothing (invariant 6).
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyStoreError {
    /// The store is gone, busy for too long, or its disk failed.
    #[error("the key store is unavailable")]
    Unavailable(#[source] Arc<dyn Error + Send + Sync>),
}

impl KeyStoreError {
    /// Wraps whatever the store's driver said.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(Arc::from(source.into()))
    }
}

/// What a store's method gives: a boxed future, so that stores can be trait objects.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyStoreError>> + Send + 'a>>;

/// A durable map from owner to wrapped key. An owner goes from absent to present to destroyed and never back.
pub trait KeyStore: Send + Sync + std::fmt::Debug {
    /// What is held of an owner now.
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup>;

    /// Stores a key unless something is there, and answers what is there now: the given key, the one that was there,
    /// or [`Lookup::Destroyed`]; never [`Lookup::Absent`]. Durable when it answers.
    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup>;

    /// Replaces `old` by `new`, for a change of master key; `false` when `old` is not what is there.
    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool>;

    /// Destroys the key and leaves a tombstone, also where there was none; `true` when there was a key. When it
    /// answers, no copy of the wrap is left where the store wrote it. Safe to repeat after an error.
    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool>;
}
