//! Pages.

use twofold_event_log::{MAX_READ_COMMITS, Newest, ReadError, Seq, Stored, Subject};

use super::Stream;
use super::entry::Entry;

/// Commits read backwards, one by one, before the server is asked to search after all.
const WALK: usize = 64;
/// Commits read backwards of a subject of which nothing is known: about what it costs to ask for a snapshot and for the last
/// commit again.
const NEWEST: usize = 3;

impl Stream {
    /// The whole log after a position. Any page is whole: positions have no gaps.
    pub async fn all_after(&self, after: Seq, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let limit = limit.min(MAX_READ_COMMITS);
        if limit == 0 || after == Seq::MAX {
            return Ok(Vec::new());
        }
        let mut page = self.page(after.plus(1), limit, None).await?;
        let whole = page.iter().zip(after.0 + 1..).take_while(|(entry, seq)| entry.seq().0 == *seq).count();
        page.truncate(whole);
        if !page.is_empty() {
            return Ok(page);
        }
        // Nothing, or not yet on that replica, or the beginning was lost on the way: the leader knows.
        if self.head().await? <= after {
            return Ok(page);
        }
        let next = self.at(after.plus(1)).await?;
        let missing = || ReadError::Corrupt(format!("position {} is missing", after.plus(1)));
        Ok(vec![next.ok_or_else(missing)?])
    }

    /// The commits of a subject after a position. The answer is a whole beginning of them: each names its predecessor.
    ///
    /// Costs one request where there is none, or one. The leader is asked: a direct read would cost the server a third, but
    /// replicas answer those, and so does every mirror of the stream (the server makes it so), and nobody can tell from
    /// "there is none" who said so.
    pub async fn subject_after(&self, subject: &Subject, after: Seq, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let limit = limit.min(MAX_READ_COMMITS);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let Some(last) = self.last(subject).await? else { return Ok(Vec::new()) };
        if last.seq() <= after {
            return Ok(Vec::new());
        }
        if last.seq().0 - after.0 > self.search_span
            && let Some(mut tail) = self.back_to(after, &last).await?
        {
            tail.truncate(limit);
            return Ok(tail);
        }
        if last.previous <= after {
            return Ok(vec![last]);
        }
        let mut page = self.page(after.plus(1), limit, Some(subject.as_str())).await?;
        let mut previous = None;
        let whole = page.iter().take_while(|entry| {
            let follows = previous.map_or(entry.previous <= after, |seq| entry.previous == seq);
            previous = Some(entry.seq());
            follows
        });
        let whole = whole.count();
        page.truncate(whole);
        if page.is_empty() {
            // That replica is behind, or the beginning was lost on the way.
            page.extend(self.next(after.plus(1), subject.as_str()).await?);
        }
        Ok(page)
    }

    /// The newest commits of a subject; few, for each is a request of its own.
    pub async fn newest(&self, subject: &Subject, limit: usize) -> Result<Newest, ReadError> {
        let Some(last) = self.last(subject).await? else { return Ok(Newest { commits: Vec::new(), all: true }) };
        let mut newest = vec![last];
        while let Some(entry) = newest.last()
            && entry.previous > Seq::ZERO
            && newest.len() < limit.min(NEWEST)
        {
            let before = self.before(entry).await?;
            newest.push(before);
        }
        let all = newest.last().is_none_or(|entry| entry.previous == Seq::ZERO);
        Ok(Newest { commits: stored(newest), all })
    }

    /// The commits of a subject after a position up to its last, unless there are too many to read one by one.
    async fn back_to(&self, after: Seq, last: &Entry) -> Result<Option<Vec<Entry>>, ReadError> {
        let mut tail = vec![last.clone()];
        while let Some(entry) = tail.last()
            && entry.previous > after
        {
            if tail.len() == WALK {
                return Ok(None);
            }
            let before = self.before(entry).await?;
            tail.push(before);
        }
        tail.reverse();
        Ok(Some(tail))
    }
}

pub(super) fn stored(entries: Vec<Entry>) -> Vec<Stored> {
    entries.into_iter().map(|entry| entry.stored).collect()
}
