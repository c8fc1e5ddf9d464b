//! A log and a key store that count what they are asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;
use twofold_crypto::{KeyStore, Lookup, MemoryKeyStore, StoreFuture};
use twofold_event_log::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, ReadError, Seq, SqliteLog, Stored, Subject,
};

/// Numbers of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub appends: usize,
    pub reads: usize,
    pub keys: usize,
}

/// Counts operations. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    appends: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
    keys: Arc<AtomicUsize>,
}

impl Counts {
    /// What was asked since this was asked last.
    pub fn take(&self) -> Asked {
        let take = |count: &AtomicUsize| count.swap(0, Ordering::SeqCst);
        Asked { appends: take(&self.appends), reads: take(&self.reads), keys: take(&self.keys) }
    }
}

#[derive(Debug)]
pub struct CountedLog {
    pub inner: SqliteLog,
    pub counts: Counts,
}

impl CountedLog {
    fn read(&self) -> &SqliteLog {
        self.counts.reads.fetch_add(1, Ordering::SeqCst);
        &self.inner
    }
}

impl EventLog for CountedLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        self.counts.appends.fetch_add(1, Ordering::SeqCst);
        self.inner.append(group)
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        self.read().read_subject(subject, after, limit)
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        self.read().last_of_subject(subject)
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.read().read_all(after, limit)
    }

    /// Not counted: the directory follows the configuration by it, a few times a second, whatever is verified.
    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.inner.read_category(category, after, limit)
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.read().read_category_back(category, before, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        self.read().head()
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.inner.watch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

#[derive(Debug)]
pub struct CountedKeys {
    pub inner: MemoryKeyStore,
    pub counts: Counts,
}

impl CountedKeys {
    fn ask(&self) -> &MemoryKeyStore {
        self.counts.keys.fetch_add(1, Ordering::SeqCst);
        &self.inner
    }
}

impl KeyStore for CountedKeys {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        self.ask().get(owner)
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        self.ask().put_if_absent(owner, wrapped)
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        self.ask().replace(owner, old, new)
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        self.ask().destroy(owner)
    }
}
