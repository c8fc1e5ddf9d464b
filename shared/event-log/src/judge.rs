//! The rule every adapter without a server applies to a group: repeated, in conflict, or to be stored.

use crate::{Append, NewCommit, Seq, Subject};

/// What is to be done with a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every expectation holds.
    Store,
    /// The group is stored already, at these positions.
    Repeated(Vec<Seq>),
    /// This subject is elsewhere.
    Conflict(Subject, Option<Seq>),
}

/// Whether the commit may be a repetition of the subject's last one, so that the last one's id must be known.
///
/// A commit whose expectation holds cannot be: storing it would have moved the subject on.
pub(crate) fn may_be_repeated(commit: &NewCommit, actual: Option<Seq>) -> bool {
    actual.is_some() && commit.expected.is_none_or(|expected| !expected.holds(actual))
}

/// Judges a group. `actual` holds the last position of each commit's subject; `is_at` answers whether the commit at a
/// position has this commit's id, and is asked only where [`may_be_repeated`].
pub(crate) fn judge(group: &Append, actual: &[Option<Seq>], mut is_at: impl FnMut(&NewCommit, Seq) -> bool) -> Verdict {
    let mut repeated = Vec::new();
    let mut conflict = None;
    for (commit, actual) in group.commits.iter().zip(actual.iter().copied()) {
        if let Some(seq) = actual
            && may_be_repeated(commit, actual)
            && is_at(commit, seq)
        {
            repeated.push(seq);
        }
        if conflict.is_none() && commit.expected.is_some_and(|expected| !expected.holds(actual)) {
            conflict = Some((commit.subject.clone(), actual));
        }
    }
    if repeated.len() == group.commits.len() {
        return Verdict::Repeated(repeated);
    }
    conflict.map_or(Verdict::Store, |(subject, actual)| Verdict::Conflict(subject, actual))
}
