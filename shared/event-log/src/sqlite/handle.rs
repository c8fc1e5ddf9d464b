//! The handle callers hold.

use std::sync::Arc;

use sqlx::SqlitePool;
use sqlx::sqlite::SqlitePoolOptions;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::batch::{Queue, Request};
use super::error::open_error;
use super::recent::Recent;
use super::tidy::Tidy;
use super::writer::Writer;
use super::{SqliteLogOptions, follow, open, read};
use crate::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, InvalidAppend, MAX_READ_COMMITS, OpenError,
    ReadError, Seq, Stored, Subject,
};

/// A log in one SQLite file. Needs a tokio runtime with time. Dropped without [`EventLog::close`] it still writes what
/// it has accepted, as long as the runtime lives.
#[derive(Debug)]
pub struct SqliteLog {
    appends: Option<Appends>,
    readers: SqlitePool,
    recent: Arc<Recent>,
    head: Arc<watch::Sender<Seq>>,
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Held for its drop only.
    #[expect(dead_code, reason = "ends the tasks when the log is dropped without being closed")]
    closing_on_drop: DropGuard,
}

/// The way to the writer.
#[derive(Debug)]
struct Appends {
    requests: mpsc::Sender<Request>,
    bytes: Arc<Semaphore>,
}

/// What a waiting append takes besides its payloads, roughly.
const REQUEST_BYTES: usize = 512;

impl SqliteLog {
    /// Opens a log for appending and reading; creates or upgrades the file.
    ///
    /// # Errors
    /// [`OpenError::Unavailable`] when the file cannot be opened, created or locked in time, [`OpenError::Schema`]
    /// when it is something else or of a newer version.
    pub async fn open(options: SqliteLogOptions) -> Result<Self, OpenError> {
        let mut connection = open::connect_writer(&options.writer()).await.map_err(|error| open_error(&error))?;
        open::migrate(&mut connection).await?;

        let (requests, incoming) = mpsc::channel(options.queue_groups.max(1));
        let bytes = Arc::new(Semaphore::new(options.queue_bytes.min(Semaphore::MAX_PERMITS)));
        let log = Self::with_readers(&options, Some(Appends { requests, bytes })).await?;
        let tidy = Arc::new(Tidy::default());
        let writer = Writer {
            queue: Queue::new(incoming, log.closing.clone()),
            options: options.writer(),
            connection: Some(connection),
            head: Arc::clone(&log.head),
            recent: Arc::clone(&log.recent),
            tidy: Arc::clone(&tidy),
        };
        log.tasks.spawn(writer.run());
        let closing = log.closing.clone();
        log.tasks.spawn(async move { tidy.run(options.tidier(), closing).await });
        Ok(log)
    }

    /// Opens an existing log for reading; appends are answered with [`InvalidAppend::ReadOnly`]. The folder must be
    /// writable all the same: SQLite coordinates readers through a file beside the log.
    ///
    /// # Errors
    /// As [`SqliteLog::open`]; a missing file or one without a log is not created.
    pub async fn open_read_only(options: SqliteLogOptions) -> Result<Self, OpenError> {
        Self::with_readers(&options, None).await
    }

    async fn with_readers(options: &SqliteLogOptions, appends: Option<Appends>) -> Result<Self, OpenError> {
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.busy_timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.reader())
            .await
            .map_err(|error| open_error(&error))?;
        let head = read::head(&readers).await.map_err(|error| match error {
            ReadError::Unavailable(text) if text.contains("no such table") => OpenError::Schema(text),
            ReadError::Unavailable(text) => OpenError::Unavailable(text),
            ReadError::Corrupt(text) => OpenError::Schema(text),
        })?;
        let head = Arc::new(watch::Sender::new(head));
        let closing = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(follow::follow(readers.clone(), Arc::clone(&head), options.follow_interval, closing.clone()));
        let closing_on_drop = closing.clone().drop_guard();
        Ok(Self { appends, readers, recent: Arc::default(), head, tasks, closing, closing_on_drop })
    }

    /// Hands a group to the writer; answers where its outcome will arrive.
    fn enqueue(&self, group: Append) -> Result<oneshot::Receiver<Result<Appended, AppendError>>, AppendError> {
        group.validate()?;
        let appends = self.appends.as_ref().ok_or(InvalidAppend::ReadOnly)?;
        let bytes = u32::try_from(group.payload_bytes() + REQUEST_BYTES).unwrap_or(u32::MAX);
        let bytes = Arc::clone(&appends.bytes).try_acquire_many_owned(bytes).map_err(|_| AppendError::Overloaded)?;
        let (answer, outcome) = oneshot::channel();
        match appends.requests.try_send(Request { group, answer, bytes }) {
            Ok(()) => Ok(outcome),
            Err(TrySendError::Full(_)) => Err(AppendError::Overloaded),
            Err(TrySendError::Closed(_)) => Err(AppendError::not_stored("the log is closed")),
        }
    }
}

impl EventLog for SqliteLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            // The writer is gone without an answer only when it panicked or the runtime is being torn down.
            self.enqueue(group)?.await.unwrap_or_else(|_| {
                Err(AppendError::Unavailable { reason: "the writer is gone".to_owned(), maybe_appended: true })
            })
        })
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        Box::pin(read::of_subject(&self.readers, subject, after, limit))
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        Box::pin(read::last_of_subject(&self.readers, subject))
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            match self.recent.after(after, limit.min(MAX_READ_COMMITS)) {
                Some(found) => Ok(found),
                None => read::all(&self.readers, after, limit).await,
            }
        })
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(read::of_category(&self.readers, category, after, limit))
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(read::of_category_back(&self.readers, category, before, limit))
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        Box::pin(read::head(&self.readers))
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.closing.cancel();
            self.tasks.close();
            self.tasks.wait().await;
            self.readers.close().await;
        })
    }
}
