//! Where commits went, as the stream's leader has it.

use twofold_event_log::{Append, Expected, NewCommit, ReadError, Seq, Subject};

use super::Stream;
use super::entry::{Entry, expected_seq};

/// Commits to walk back over, one read each, before the server is asked to search.
const WALK: usize = 64;

/// What became of a group after an attempt without a clear answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Stored, at these positions.
    Stored(Vec<Seq>),
    /// Never stored and never will be: a commit of somebody else is where one of the group was to be.
    Conflict(Subject, Option<Seq>),
    /// Some commits are there and others not: it was stored between two looks, or a full server broke its promise.
    Partly,
    /// Not there so far. An attempt may still be on its way; another one can do no harm, as only one can succeed.
    Absent,
}

impl Stream {
    /// Looks for every commit of the group right behind the position it expected.
    ///
    /// Commits without an expectation are given one before they are published, so all have one here.
    pub async fn fate(&self, group: &Append) -> Result<Fate, ReadError> {
        let mut stored = Vec::new();
        let mut conflict = None;
        for commit in &group.commits {
            let Some(last) = self.last(&commit.subject).await? else { continue };
            let seq = last.seq();
            match self.behind(commit, last).await? {
                Some(entry) if entry.stored.id == commit.id => stored.push(entry.seq()),
                Some(_) if conflict.is_none() => conflict = Some((commit.subject.clone(), Some(seq))),
                Some(_) | None => {}
            }
        }
        Ok(match conflict {
            _ if stored.len() == group.commits.len() => Fate::Stored(stored),
            Some((subject, actual)) => Fate::Conflict(subject, actual),
            None if stored.is_empty() => Fate::Absent,
            None => Fate::Partly,
        })
    }

    /// The commit that directly follows the expected position, if there is any.
    ///
    /// Each message names the one before it, so going back costs one read a commit. Searching forwards may make the
    /// server load everything in between into memory, and it takes no appends meanwhile.
    async fn behind(&self, commit: &NewCommit, last: Entry) -> Result<Option<Entry>, ReadError> {
        let Some(expected) = commit.expected.and_then(expected_seq).map(Seq) else { return Ok(Some(last)) };
        if last.seq() <= expected {
            return Ok(None);
        }
        let subject = commit.subject.clone();
        let mut entry = last;
        for _ in 0..WALK {
            if entry.previous <= expected {
                return Ok(Some(entry));
            }
            entry = self.before(&entry).await?;
        }
        self.next(expected.plus(1), subject.as_str()).await
    }

    /// The commit before this one on its subject; there must be one.
    pub async fn before(&self, entry: &Entry) -> Result<Entry, ReadError> {
        let previous = self.certainly_at(entry.previous).await?;
        if previous.stored.subject == entry.stored.subject {
            return Ok(previous);
        }
        Err(ReadError::Corrupt(format!("position {} follows {}, another subject's", entry.seq(), previous.seq())))
    }

    /// The commit at a position where there is one.
    pub async fn certainly_at(&self, seq: Seq) -> Result<Entry, ReadError> {
        let found = match self.maybe_at(seq).await? {
            Some(found) => Some(found),
            None => self.at(seq).await?,
        };
        found.ok_or_else(|| ReadError::Corrupt(format!("position {seq} is missing")))
    }

    /// Judges a group whose expectations were called wrong, with no attempt open: is it stored already, or whose is the
    /// conflict? [`Fate::Absent`] when every expectation holds after all.
    pub async fn judge(&self, group: &Append) -> Result<Fate, ReadError> {
        let mut repeated = Vec::new();
        let mut conflict = None;
        for commit in &group.commits {
            let last = self.last(&commit.subject).await?;
            let actual = last.as_ref().map(Entry::seq);
            let holds = commit.expected.is_none_or(|expected: Expected| expected.holds(actual));
            if let Some(last) = last
                && last.stored.id == commit.id
                && (!holds || commit.expected.is_none())
            {
                repeated.push(last.seq());
            }
            if !holds && conflict.is_none() {
                conflict = Some((commit.subject.clone(), actual));
            }
        }
        Ok(match conflict {
            _ if repeated.len() == group.commits.len() => Fate::Stored(repeated),
            Some((subject, actual)) => Fate::Conflict(subject, actual),
            None => Fate::Absent,
        })
    }
}
