//! The handle callers hold.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use twofold_event_log::{
    Append, AppendError, Appended, BoxFuture, Category, EventLog, Newest, OpenError, ReadError, Seq, Stored, Subject,
};

use super::appender::Appender;
use super::config_index::{self, ConfigIndex};
use super::kept::Kept;
use super::read::stored;
use super::request::{Request, Share};
use super::{Core, JetStreamLogOptions, Stream, follow};
use crate::Broker;

/// What a waiting append takes besides its payloads, roughly.
const REQUEST_BYTES: usize = 512;
/// Groups looked up at the same time after unclear answers.
const LOOKS: usize = 64;

/// The log in the stream of a broker. Needs a tokio runtime with time. Dropped without [`EventLog::close`] it still
/// sends what it has accepted, as long as the process and the connection live.
#[derive(Debug)]
pub struct JetStreamLog {
    pub(super) core: Arc<Core>,
    requests: mpsc::UnboundedSender<Request>,
    groups: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    config: Mutex<ConfigIndex>,
    tasks: TaskTracker,
    closing: CancellationToken,
    /// Held for its drop only.
    #[expect(dead_code, reason = "ends the tasks when the log is dropped without being closed")]
    closing_on_drop: DropGuard,
}

impl JetStreamLog {
    /// Opens the log of a broker. What stream it is and how it is set up is for [`crate::check()`] to say.
    ///
    /// # Errors
    /// [`OpenError::Unavailable`] when the stream does not answer or is not there.
    pub async fn open(broker: &Broker, mut options: JetStreamLogOptions) -> Result<Self, OpenError> {
        let unavailable = |error: ReadError| OpenError::Unavailable(error.to_string());
        let (stream, head) = Stream::open(broker.clone(), options.search_span).await.map_err(unavailable)?;
        let kept = Kept::new(&stream);
        options.max_in_flight = options.max_in_flight.min(Semaphore::MAX_PERMITS);
        let (requests, incoming) = mpsc::unbounded_channel();
        let groups = Arc::new(Semaphore::new(options.max_in_flight));
        let bytes = Arc::new(Semaphore::new(options.max_in_flight_bytes.min(Semaphore::MAX_PERMITS)));
        let core =
            Arc::new(Core { stream, options, head: watch::Sender::new(head), kept, looks: Semaphore::new(LOOKS) });
        let closing = CancellationToken::new();
        let tasks = TaskTracker::new();
        let appending = Appender::new(Arc::clone(&core), incoming).run(closing.clone());
        tasks.spawn_on(appending, broker.beside());
        tasks.spawn(follow::follow(Arc::clone(&core), closing.clone()));
        let closing_on_drop = closing.clone().drop_guard();
        let config = Mutex::default();
        Ok(Self { core, requests, groups, bytes, config, tasks, closing, closing_on_drop })
    }

    /// Appends accepted and not yet answered, those nobody waits for any more included.
    pub fn in_flight(&self) -> usize {
        self.core.options.max_in_flight - self.groups.available_permits()
    }

    /// Hands a group to the appender and waits. Every commit has an expectation.
    pub(super) async fn hand_over(
        &self,
        group: Append,
        trace: Option<String>,
        deadline: Instant,
    ) -> Result<Appended, AppendError> {
        let bytes = u32::try_from(group.payload_bytes() + REQUEST_BYTES).unwrap_or(u32::MAX);
        let groups = Arc::clone(&self.groups).try_acquire_owned().map_err(|_| AppendError::Overloaded)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| AppendError::Overloaded)?;
        let (answer, outcome) = oneshot::channel();
        let request = Request { group, trace, answer, deadline, share: Share { groups, bytes } };
        self.requests.send(request).map_err(|_| not_stored("the log is closed"))?;
        // The appender is gone without an answer only when it panicked or the runtime is being torn down.
        outcome.await.unwrap_or_else(|_| {
            Err(AppendError::Unavailable { reason: "the appender is gone".to_owned(), maybe_appended: true })
        })
    }
}

pub(super) fn not_stored(reason: &(impl ToString + ?Sized)) -> AppendError {
    AppendError::Unavailable { reason: reason.to_string(), maybe_appended: false }
}

impl EventLog for JetStreamLog {
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(self.append_group(group))
    }

    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move { self.core.stream.subject_after(subject, after, limit).await.map(stored) })
    }

    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>> {
        Box::pin(async move { Ok(self.core.stream.last(subject).await?.map(|entry| entry.stored)) })
    }

    fn newest_of_subject<'a>(&'a self, subject: &'a Subject, limit: usize) -> BoxFuture<'a, Result<Newest, ReadError>> {
        Box::pin(self.core.stream.newest(subject, limit))
    }

    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move { self.core.stream.all_after(after, limit).await.map(stored) })
    }

    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            let stream = &self.core.stream;
            if category == config_index::CATEGORY {
                return self.config.lock().await.after(stream, after, limit).await.map(stored);
            }
            stream.category_after(category, after, limit).await.map(stored)
        })
    }

    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>> {
        Box::pin(async move {
            let stream = &self.core.stream;
            if category == config_index::CATEGORY {
                return self.config.lock().await.before(stream, before, limit).await.map(stored);
            }
            stream.category_before(category, before, limit).await.map(stored)
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>> {
        Box::pin(self.core.stream.head())
    }

    fn watch(&self) -> watch::Receiver<Seq> {
        self.core.head.subscribe()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.closing.cancel();
            self.tasks.close();
            self.tasks.wait().await;
        })
    }
}
