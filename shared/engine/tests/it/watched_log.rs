//! The log as one node has it: reads are counted, fail or hang on demand, and the head may be told late or never.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use twofold_event_log::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, MemoryLog, Newest, ReadError, Seq, Stored, Subject,
};

#[derive(Debug)]
pub struct WatchedLog {
    inner: Arc<MemoryLog>,
    /// Commits that reads of subjects answered.
    commits_read: AtomicUsize,
    away: AtomicBool,
    hanging: AtomicBool,
    head: watch::Sender<Seq>,
}

impl WatchedLog {
    /// Never tells of a new head.
    pub fn new(inner: &Arc<MemoryLog>) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            commits_read: AtomicUsize::new(0),
            away: AtomicBool::new(false),
            hanging: AtomicBool::new(false),
            head: watch::Sender::new(Seq::ZERO),
        })
    }

    /// Tells of every new head, later.
    pub fn late(inner: &Arc<MemoryLog>, by: Duration) -> Arc<Self> {
        let log = Self::new(inner);
        let (mut truth, late) = (inner.watch(), Arc::clone(&log));
        tokio::spawn(async move {
            while truth.changed().await.is_ok() {
                let head = *truth.borrow_and_update();
                tokio::time::sleep(by).await;
                late.head.send_replace(head);
            }
        });
        log
    }

    /// Commits that reads of subjects answered since the last time this was asked.
    pub fn take_commits_read(&self) -> usize {
        self.commits_read.swap(0, Ordering::SeqCst)
    }

    /// Whether reads fail.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// Whether reads are never answered.
    pub fn set_hanging(&self, hanging: bool) {
        self.hanging.store(hanging, Ordering::SeqCst);
    }

    async fn reach(&self) -> Result<(), ReadError> {
        if self.hanging.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let away = self.away.load(Ordering::SeqCst);
        if away { Err(ReadError::Unavailable("away".to_owned())) } else { Ok(()) }
    }

    fn count(&self, commits: usize) {
        self.commits_read.fetch_add(commits, Ordering::SeqCst);
    }
}

impl EventLog for WatchedLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        self.inner.append(group)
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            let page = self.inner.read_subject(subject, after, limit).await?;
            self.count(page.len());
            Ok(page)
        })
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            let last = self.inner.last_of_subject(subject).await?;
            self.count(last.iter().len());
            Ok(last)
        })
    }

    fn newest_of_subject<'a>(&'a self, subject: &'a Subject, limit: usize) -> BoxFuture<'a, Result<Newest, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            let newest = self.inner.newest_of_subject(subject, limit).await?;
            self.count(newest.commits.len());
            Ok(newest)
        })
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            self.inner.read_all(after, limit).await
        })
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            self.inner.read_category(category, after, limit).await
        })
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            self.inner.read_category_back(category, before, limit).await
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        Box::pin(async move {
            self.reach().await?;
            self.inner.head().await
        })
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
