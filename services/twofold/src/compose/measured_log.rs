//! The event log, counted and timed, whichever adapter it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::sync::watch;
use tracing::Instrument as _;
use twofold_event_log::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, Newest, ReadError, Seq, Stored, Subject,
};

/// Upper bounds of the histogram, in seconds: from one write to one disk to the end of all patience.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 2.5, 5.0];
/// Ends of an append.
const OUTCOMES: [&str; 6] = ["stored", "conflict", "overloaded", "unavailable", "unknown", "refused"];

/// Name and value of a label.
type Label = [(&'static str, &'static str); 1];

/// Numbers of appends. Clones share them.
#[derive(Debug, Clone)]
pub struct Appends {
    commits: Family<Label, Counter>,
    seconds: Histogram,
}

impl Default for Appends {
    fn default() -> Self {
        let commits = Family::default();
        // All from the start, so that a rate has a beginning.
        for outcome in OUTCOMES {
            let _zero: &Counter = &commits.get_or_create(&[("outcome", outcome)]);
        }
        Self { commits, seconds: Histogram::new(BOUNDS) }
    }
}

impl Appends {
    /// Shows them among the metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "append_commits",
            "Commits given to the event log, by what became of them",
            self.commits.clone(),
        );
        registry.register("append_seconds", "Time to append a group of commits", self.seconds.clone());
    }

    fn ended(&self, commits: u64, result: &Result<Appended, AppendError>, took: Duration) {
        self.commits.get_or_create(&[("outcome", outcome(result))]).inc_by(commits);
        self.seconds.observe(took.as_secs_f64());
    }
}

const fn outcome(result: &Result<Appended, AppendError>) -> &'static str {
    match result {
        Ok(_) => "stored",
        Err(AppendError::Conflict { .. }) => "conflict",
        Err(AppendError::Overloaded) => "overloaded",
        Err(AppendError::Unavailable { maybe_appended: false, .. }) => "unavailable",
        Err(AppendError::Unavailable { maybe_appended: true, .. }) => "unknown",
        Err(AppendError::TooLarge { .. } | AppendError::Invalid(_)) => "refused",
    }
}

/// The log with its numbers.
#[derive(Debug)]
pub struct MeasuredLog {
    inner: Arc<dyn EventLog>,
    appends: Appends,
    spans: bool,
}

impl MeasuredLog {
    /// `spans`: whether anybody collects them; otherwise they are not worth their price.
    pub fn new(inner: Arc<dyn EventLog>, appends: Appends, spans: bool) -> Self {
        Self { inner, appends, spans }
    }
}

impl EventLog for MeasuredLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        let commits = group.commits.len() as u64;
        let span = if self.spans { tracing::info_span!("append", commits) } else { tracing::Span::none() };
        let begun = Instant::now();
        let appending = span.in_scope(|| self.inner.append(group));
        Box::pin(
            async move {
                let result = appending.await;
                self.appends.ended(commits, &result, begun.elapsed());
                result
            }
            .instrument(span),
        )
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        self.inner.read_subject(subject, after, limit)
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        self.inner.last_of_subject(subject)
    }

    fn newest_of_subject<'a>(&'a self, subject: &'a Subject, limit: usize) -> BoxFuture<'a, Result<Newest, ReadError>> {
        self.inner.newest_of_subject(subject, limit)
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
        self.inner.read_category(category, after, limit)
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
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
