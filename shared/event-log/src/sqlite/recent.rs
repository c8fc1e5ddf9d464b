//! The newest commits in memory. Who follows the log reads what this process has just written: from here it need not be
//! read from the file, and parsed, again.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::plan::Row;
use crate::{Seq, Stored};

/// Commits kept at most.
const MAX_COMMITS: usize = 4096;
/// Payload bytes kept at most.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Commits without a gap between them, all of them durable.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Commits>);

#[derive(Debug, Default)]
struct Commits {
    queue: VecDeque<Stored>,
    bytes: usize,
}

impl Recent {
    /// Takes rows that are committed.
    pub fn push(&self, rows: &[Row<'_>]) {
        let mut commits = self.0.lock();
        for row in rows {
            commits.push(Stored {
                seq: row.seq,
                subject: row.commit.subject.clone(),
                id: row.commit.id.clone(),
                payload: row.commit.payload.clone(),
                trace: None,
            });
        }
    }

    /// What comes after a position, oldest first and without a gap; none when the file has to be asked: for older
    /// commits, or for those of other processes.
    pub fn after(&self, after: Seq, limit: usize) -> Option<Vec<Stored>> {
        let commits = self.0.lock();
        let first = commits.queue.front()?.seq;
        let skipped = usize::try_from(after.plus(1).0.checked_sub(first.0)?).ok()?;
        let found: Vec<Stored> = commits.queue.iter().skip(skipped).take(limit).cloned().collect();
        (!found.is_empty()).then_some(found)
    }
}

impl Commits {
    fn push(&mut self, stored: Stored) {
        // Another process has written in between.
        if self.queue.back().is_some_and(|last| last.seq.plus(1) != stored.seq) {
            *self = Self::default();
        }
        self.bytes += stored.payload.len();
        self.queue.push_back(stored);
        while self.queue.len() > MAX_COMMITS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.queue.pop_front() else { return };
            self.bytes -= oldest.payload.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use twofold_domain::{CommitId, TenantId};

    use super::*;
    use crate::{NewCommit, Subject};

    fn commit(bytes: usize) -> NewCommit {
        NewCommit {
            subject: Subject::tenant(&TenantId::from_bytes([1; 16])),
            expected: None,
            id: CommitId::from_bytes([2; 16]),
            payload: Bytes::from(vec![b' '; bytes]),
        }
    }

    fn push(recent: &Recent, seqs: impl IntoIterator<Item = u64>, commit: &NewCommit) {
        let rows: Vec<_> = seqs.into_iter().map(|seq| Row { seq: Seq(seq), prev: Seq::ZERO, commit }).collect();
        recent.push(&rows);
    }

    fn seqs(recent: &Recent, after: u64, limit: usize) -> Option<Vec<u64>> {
        let found = recent.after(Seq(after), limit)?;
        Some(found.iter().map(|stored| stored.seq.0).collect())
    }

    #[test]
    fn the_file_is_asked_for_what_is_older_or_newer() {
        let recent = Recent::default();
        assert_eq!(seqs(&recent, 0, 10), None);
        push(&recent, 5..=8, &commit(1));
        for (after, limit, wanted) in [
            (3, 10, None),
            (4, 10, Some(vec![5, 6, 7, 8])),
            (5, 2, Some(vec![6, 7])),
            (7, 10, Some(vec![8])),
            (8, 10, None),
            (9, 10, None),
            (u64::MAX, 10, None),
            (4, 0, None),
        ] {
            assert_eq!(seqs(&recent, after, limit), wanted, "after {after}, at most {limit}");
        }
    }

    #[test]
    fn a_commit_of_another_process_begins_it_anew() {
        let recent = Recent::default();
        push(&recent, 1..=3, &commit(1));
        push(&recent, 5..=6, &commit(1));
        assert_eq!(seqs(&recent, 0, 10), None, "the fourth is in the file alone");
        assert_eq!(seqs(&recent, 4, 10), Some(vec![5, 6]));
    }

    #[test]
    fn it_is_bounded_in_commits_and_in_bytes() {
        let recent = Recent::default();
        push(&recent, 1..=5000, &commit(1));
        assert_eq!(seqs(&recent, 903, 10), None);
        assert_eq!(seqs(&recent, 904, usize::MAX).map(|found| found.len()), Some(MAX_COMMITS));
        push(&recent, 5001..=5010, &commit(1024 * 1024));
        assert_eq!(seqs(&recent, 5006, usize::MAX), Some(vec![5007, 5008, 5009, 5010]));
        assert_eq!(seqs(&recent, 5005, usize::MAX), None);
    }
}
