//! A log and a key store that count what they are asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use twofold_crypto::{KeyStore, Lookup, StoreFuture};
use twofold_event_log::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, ReadError, Seq, Stored, Subject,
};

/// Calls by name. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<&'static str, u32>>>);

impl Calls {
    fn note(&self, name: &'static str) {
        *self.0.lock().expect("no panic").entry(name).or_default() += 1;
    }

    /// What was called since the last time, and how often.
    pub fn take(&self) -> BTreeMap<&'static str, u32> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

/// Counts what concerns users, requests and the ledger; who follows the settings asks on his own account.
#[derive(Debug)]
pub struct CountedLog {
    pub inner: Arc<dyn EventLog>,
    pub calls: Calls,
}

fn is_of(subject: &Subject, category: &str) -> bool {
    subject.as_str().starts_with(category)
}

impl EventLog for CountedLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        self.calls.note("append");
        self.inner.append(group)
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        self.calls.note(if is_of(subject, "tf.ev.") { "page of a user" } else { "page of the ledger" });
        self.inner.read_subject(subject, after, limit)
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        self.calls.note("last of a user");
        self.inner.last_of_subject(subject)
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.inner.read_all(after, limit)
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        if category == Category::Delivery {
            self.calls.note("page of requests");
        }
        self.inner.read_category(category, after, limit)
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.calls.note("page backwards");
        self.inner.read_category_back(category, before, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        self.inner.head()
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
    pub inner: Arc<dyn KeyStore>,
    pub calls: Calls,
}

impl KeyStore for CountedKeys {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        self.calls.note("key");
        self.inner.get(owner)
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        self.calls.note("new key");
        self.inner.put_if_absent(owner, wrapped)
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        self.inner.replace(owner, old, new)
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        self.inner.destroy(owner)
    }
}
