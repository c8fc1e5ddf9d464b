//! A log in memory, for tests: the same rules, no durability, and faults on demand.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::judge::{Verdict, judge};
use crate::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, MAX_READ_COMMITS, Newest, ReadError, Seq, Stored,
    Subject,
};

/// What goes wrong with an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The log is away; nothing is stored.
    Unavailable,
    /// The log stores the group (if it would have) and the answer is lost.
    AckLost,
}

/// The log in memory. Clones share one log, as two handles of one file would.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    inner: Arc<Mutex<Inner>>,
    head: watch::Sender<Seq>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The commit at position `n` is at index `n - 1`.
    all: Vec<Stored>,
    by_subject: HashMap<Subject, Vec<Seq>>,
    faults: VecDeque<Fault>,
    unavailable: bool,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self { inner: Arc::default(), head: watch::Sender::new(Seq::ZERO) }
    }

    /// Makes the next append that has no fault yet fail. Called twice, the next two fail.
    pub fn fail_next_append(&self, fault: Fault) {
        self.inner.lock().faults.push_back(fault);
    }

    /// Makes every call fail as unavailable, or work again.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.inner.lock().unavailable = unavailable;
    }

    fn append_now(&self, group: Append) -> Result<Appended, AppendError> {
        group.validate()?;
        let mut inner = self.inner.lock();
        let fault = inner.faults.pop_front();
        if inner.unavailable || fault == Some(Fault::Unavailable) {
            return Err(AppendError::not_stored("fault injected"));
        }
        let outcome = inner.store(group);
        let head = inner.head();
        self.head.send_if_modified(|known| std::mem::replace(known, head) != head);
        if fault == Some(Fault::AckLost) {
            return Err(AppendError::Unavailable { reason: "fault injected".to_owned(), maybe_appended: true });
        }
        outcome
    }

    fn read<T>(&self, read: impl FnOnce(&Inner) -> T) -> Result<T, ReadError> {
        let inner = self.inner.lock();
        if inner.unavailable { Err(ReadError::Unavailable("fault injected".to_owned())) } else { Ok(read(&inner)) }
    }
}

impl Inner {
    fn head(&self) -> Seq {
        Seq(self.all.len() as u64)
    }

    fn at(&self, seq: Seq) -> Option<&Stored> {
        usize::try_from(seq.0).ok().and_then(|position| self.all.get(position.checked_sub(1)?))
    }

    fn last(&self, subject: &Subject) -> Option<Seq> {
        self.by_subject.get(subject)?.last().copied()
    }

    fn after(&self, seq: Seq) -> &[Stored] {
        let position = usize::try_from(seq.0).unwrap_or(usize::MAX);
        self.all.get(position..).unwrap_or_default()
    }

    fn store(&mut self, group: Append) -> Result<Appended, AppendError> {
        let actual: Vec<_> = group.commits.iter().map(|commit| self.last(&commit.subject)).collect();
        match judge(&group, &actual, |commit, seq| self.at(seq).is_some_and(|stored| stored.id == commit.id)) {
            Verdict::Repeated(seqs) => return Ok(Appended { seqs }),
            Verdict::Conflict(subject, actual) => return Err(AppendError::Conflict { subject, actual }),
            Verdict::Store => {}
        }
        let mut seqs = Vec::with_capacity(group.commits.len());
        for commit in group.commits {
            let seq = self.head().plus(1);
            seqs.push(seq);
            self.by_subject.entry(commit.subject.clone()).or_default().push(seq);
            self.all.push(Stored { seq, subject: commit.subject, id: commit.id, payload: commit.payload, trace: None });
        }
        Ok(Appended { seqs })
    }
}

impl EventLog for MemoryLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move { self.append_now(group) })
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.read(|inner| {
                let seqs = inner.by_subject.get(subject).map(Vec::as_slice).unwrap_or_default();
                let start = seqs.partition_point(|seq| *seq <= after);
                seqs[start..].iter().filter_map(|seq| inner.at(*seq)).take(cap(limit)).cloned().collect()
            })
        })
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        Box::pin(async move { self.read(|inner| inner.last(subject).and_then(|seq| inner.at(seq)).cloned()) })
    }

    fn newest_of_subject<'a>(&'a self, subject: &'a Subject, limit: usize) -> BoxFuture<'a, Result<Newest, ReadError>> {
        Box::pin(async move {
            self.read(|inner| {
                let seqs = inner.by_subject.get(subject).map(Vec::as_slice).unwrap_or_default();
                let commits = seqs.iter().rev().take(cap(limit).max(1)).filter_map(|seq| inner.at(*seq)).cloned();
                let commits: Vec<Stored> = commits.collect();
                Newest { all: commits.len() == seqs.len(), commits }
            })
        })
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move { self.read(|inner| inner.after(after).iter().take(cap(limit)).cloned().collect()) })
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.read(|inner| {
                let of_category = inner.after(after).iter().filter(|stored| stored.subject.category() == category);
                of_category.take(cap(limit)).cloned().collect()
            })
        })
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.read(|inner| {
                let newest_first = inner.all.iter().rev().skip_while(|stored| stored.seq >= before);
                let of_category = newest_first.filter(|stored| stored.subject.category() == category);
                of_category.take(cap(limit)).cloned().collect()
            })
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        Box::pin(async move { self.read(Inner::head) })
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn cap(limit: usize) -> usize {
    limit.min(MAX_READ_COMMITS)
}
