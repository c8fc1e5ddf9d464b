//! The handle callers hold.

use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use twofold_sqlite::Desk;
use twofold_sqlite::rusqlite::Connection;

use super::batch::{Message, Queue, Request};
use super::error::open_error;
use super::heads::Heads;
use super::recent::Recent;
use super::writer::Writer;
use super::{SqliteLogOptions, follow, open, read, tidy};
use crate::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, InvalidAppend, MAX_READ_COMMITS, Newest, OpenError,
    ReadError, Seq, Stored, Subject,
};

/// A log in one SQLite file. Needs a tokio runtime with time. Dropped without [`EventLog::close`] it still writes what
/// it has accepted, as long as the process lives.
#[derive(Debug)]
pub struct SqliteLog {
    appends: Option<Appends>,
    readers: Arc<Desk>,
    recent: Arc<Recent>,
    heads: Arc<Heads>,
    head: Arc<watch::Sender<Seq>>,
    /// What runs: tasks and threads.
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Held for its drop only.
    #[expect(dead_code, reason = "ends the tasks when the log is dropped without being closed")]
    closing_on_drop: DropGuard,
}

/// The way to the writer.
#[derive(Debug)]
struct Appends {
    messages: mpsc::Sender<Message>,
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
        open::prepare(&options).await?;
        let file = options.file();
        let opened = file.clone();
        let heads = Arc::new(Heads::new(options.ends_due));
        let prepared = Arc::clone(&heads);
        let connect = move || {
            let mut connection = open::writer(&opened)?;
            prepared.prepare(&mut connection)?;
            Ok(connection)
        };
        let connection = open::blocking(connect).await?.map_err(|error| open_error(&error))?;

        let (messages, incoming) = mpsc::channel(options.queue_groups.max(1));
        let bytes = Arc::new(Semaphore::new(options.queue_bytes.min(Semaphore::MAX_PERMITS)));
        let log = Self::with_readers(&options, Some(Appends { messages, bytes }), heads).await?;
        let (tidy, mover) = tidy::tidy(options.aside());
        let writer = Writer {
            queue: Queue::new(incoming),
            file,
            connection: Some(connection),
            head: Arc::clone(&log.head),
            recent: Arc::clone(&log.recent),
            heads: Arc::clone(&log.heads),
            tidy,
        };
        log.thread("log-writer", || writer.run())?;
        log.thread("log-tidy", || mover.run())?;
        Ok(log)
    }

    /// Opens an existing log for reading; appends are answered with [`InvalidAppend::ReadOnly`]. The folder must be
    /// writable all the same: SQLite coordinates readers through a file beside the log.
    ///
    /// # Errors
    /// As [`SqliteLog::open`]; a missing file or one without a log is not created.
    pub async fn open_read_only(options: SqliteLogOptions) -> Result<Self, OpenError> {
        Self::with_readers(&options, None, Arc::new(Heads::new(options.ends_due))).await
    }

    async fn with_readers(
        options: &SqliteLogOptions,
        appends: Option<Appends>,
        heads: Arc<Heads>,
    ) -> Result<Self, OpenError> {
        let (file, readers) = (options.aside(), options.readers.max(1));
        let connections: Result<Vec<Connection>, _> =
            open::blocking(move || (0..readers).map(|_| file.reader()).collect()).await?;
        let connections = connections.map_err(|error| open_error(&error))?;
        let desk = Desk::new("log-reader", connections).map_err(|error| OpenError::Unavailable(error.to_string()))?;
        let readers = Arc::new(desk);
        let head = ask(&readers, read::head).await.map_err(|error| match error {
            ReadError::Unavailable(text) if text.contains("no such table") => OpenError::Schema(text),
            ReadError::Unavailable(text) => OpenError::Unavailable(text),
            ReadError::Corrupt(text) => OpenError::Schema(text),
        })?;
        let head = Arc::new(watch::Sender::new(head));
        let closing = CancellationToken::new();
        let tasks = TaskTracker::new();
        let following =
            follow::follow(Arc::clone(&readers), Arc::clone(&head), options.follow_interval, closing.clone());
        tasks.spawn(following);
        let closing_on_drop = closing.clone().drop_guard();
        Ok(Self { appends, readers, recent: Arc::default(), heads, head, tasks, closing, closing_on_drop })
    }

    /// A thread that closing waits for.
    fn thread(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), OpenError> {
        let alive = self.tasks.token();
        let run = move || {
            work();
            drop(alive);
        };
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        spawned.map(drop).map_err(|error| OpenError::Unavailable(error.to_string()))
    }

    /// Hands a group to the writer; answers where its outcome will arrive.
    fn enqueue(&self, group: Append) -> Result<oneshot::Receiver<Result<Appended, AppendError>>, AppendError> {
        group.validate()?;
        let appends = self.appends.as_ref().ok_or(InvalidAppend::ReadOnly)?;
        let bytes = u32::try_from(group.payload_bytes() + REQUEST_BYTES).unwrap_or(u32::MAX);
        let bytes = Arc::clone(&appends.bytes).try_acquire_many_owned(bytes).map_err(|_| AppendError::Overloaded)?;
        let (answer, outcome) = oneshot::channel();
        match appends.messages.try_send(Message::Append(Request { group, answer, bytes })) {
            Ok(()) => Ok(outcome),
            Err(TrySendError::Full(_)) => Err(AppendError::Overloaded),
            Err(TrySendError::Closed(_)) => Err(AppendError::not_stored("the log is closed")),
        }
    }
}

/// Has a query answered by a connection that is free.
async fn ask<T: Send + 'static>(
    readers: &Desk,
    query: impl FnOnce(&Connection) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    readers.ask(|connection| query(connection)).await?
}

impl EventLog for SqliteLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            // The writer is gone without an answer only when it panicked.
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
        let (heads, subject) = (Arc::clone(&self.heads), subject.clone());
        Box::pin(ask(&self.readers, move |file| read::of_subject(file, &heads, &subject, after, limit)))
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        Box::pin(async { Ok(self.newest_of_subject(subject, 1).await?.commits.pop()) })
    }

    fn newest_of_subject<'a>(&'a self, subject: &'a Subject, limit: usize) -> BoxFuture<'a, Result<Newest, ReadError>> {
        let (heads, subject) = (Arc::clone(&self.heads), subject.clone());
        Box::pin(ask(&self.readers, move |file| read::newest_of_subject(file, &heads, &subject, limit)))
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            match self.recent.after(after, limit.min(MAX_READ_COMMITS)) {
                Some(found) => Ok(found),
                None => ask(&self.readers, move |file| read::all(file, after, limit)).await,
            }
        })
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(ask(&self.readers, move |file| read::of_category(file, category, after, limit)))
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(ask(&self.readers, move |file| read::of_category_back(file, category, before, limit)))
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        Box::pin(ask(&self.readers, read::head))
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.closing.cancel();
            if let Some(appends) = &self.appends {
                // An error means that the writer has ended already.
                let _ended = appends.messages.send(Message::Close).await;
            }
            self.tasks.close();
            self.tasks.wait().await;
            self.readers.close().await;
        })
    }
}
