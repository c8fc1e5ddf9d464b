//! A log that is read one way and written another, so that only writes meet a fault.

use std::sync::Arc;

use tokio::sync::watch;
use twofold_event_log::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, ReadError, Seq, Stored, Subject,
};

#[derive(Debug)]
pub struct SplitLog {
    pub reads: Arc<dyn EventLog>,
    pub appends: Arc<dyn EventLog>,
}

impl EventLog for SplitLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        self.appends.append(group)
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        self.reads.read_subject(subject, after, limit)
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        self.reads.last_of_subject(subject)
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.reads.read_all(after, limit)
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.reads.read_category(category, after, limit)
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        self.reads.read_category_back(category, before, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        self.reads.head()
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.reads.watch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.reads.close()
    }
}
