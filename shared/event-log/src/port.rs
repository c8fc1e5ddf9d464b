//! The port.

use std::fmt::Debug;

use tokio::sync::watch;

use crate::{Append, AppendError, Appended, Category, Newest, ReadError, Seq, Stored, Subject};

/// A future that can be named in an object-safe trait.
pub type BoxFuture<'a, T> = futures_util::future::BoxFuture<'a, T>;

/// The log. Shared by every part of a process; all methods may be called at any time from any task.
///
/// Dropping the future of an append does not take the append back: it may still happen.
pub trait EventLog: Send + Sync + Debug {
    /// Appends a group as a whole, and answers only when it is as durable as the adapter promises.
    ///
    /// When every commit of the group is already the last one of its subject (same commit id), this is the repetition
    /// of an append whose answer was lost: the first positions are answered and nothing is stored.
    ///
    /// # Errors
    /// [`AppendError`]; only `Unavailable { maybe_appended: true }` leaves open whether the group was stored.
    fn append(&self, group: Append) -> BoxFuture<'_, Result<Appended, AppendError>>;

    /// The commits of one subject after a position, oldest first; at most `limit` and [`crate::MAX_READ_COMMITS`].
    /// An empty answer is the end. Cost grows with the answer, not with the subject's history.
    fn read_subject<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Stored>, ReadError>>;

    /// The last commit of one subject.
    fn last_of_subject<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Stored>, ReadError>>;

    /// The newest commits of one subject as the log has them now: at least the last one if there is any, at most `limit`.
    /// An adapter that pays for each commit may stop early.
    fn newest_of_subject<'a>(
        &'a self,
        subject: &'a Subject,
        _limit: usize,
    ) -> BoxFuture<'a, Result<Newest, ReadError>> {
        Box::pin(async move {
            let last = self.last_of_subject(subject).await?;
            Ok(Newest { all: last.is_none(), commits: last.into_iter().collect() })
        })
    }

    /// The whole log after a position, in order; limits as in [`EventLog::read_subject`].
    fn read_all(&self, after: Seq, limit: usize) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>>;

    /// One category after a position, in order; limits as in [`EventLog::read_subject`].
    fn read_category(
        &self,
        category: Category,
        after: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>>;

    /// One category before a position, newest first; limits as in [`EventLog::read_subject`].
    fn read_category_back(
        &self,
        category: Category,
        before: Seq,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Stored>, ReadError>>;

    /// The last position of the whole log, [`Seq::ZERO`] when it is empty. Read from the log itself.
    fn head(&self) -> BoxFuture<'_, Result<Seq, ReadError>>;

    /// The head as this process knows it: at once for its own appends, within 250 ms for those of other processes.
    /// Never goes back. A wake-up, not a promise: read the log for the truth.
    fn watch(&self) -> watch::Receiver<Seq>;

    /// Finishes the appends already accepted, refuses new ones, and leaves the storage tidy. May be called again.
    fn close(&self) -> BoxFuture<'_, ()>;
}
