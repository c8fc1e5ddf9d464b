//! What one transaction will do, decided in memory from what the file holds.

use std::collections::HashMap;

use twofold_domain::CommitId;

use crate::judge::{Verdict, judge, may_be_repeated};
use crate::{Append, AppendError, Appended, NewCommit, Seq};

/// What the file holds about a batch's subjects, read under the write lock.
#[derive(Debug)]
pub(super) struct Facts {
    /// The last position of the log.
    pub head: Seq,
    /// The last position of each commit's subject, in the batch's order.
    pub last: Vec<Option<Seq>>,
    /// The commits at those of the positions that may hold a repeated commit.
    pub ids: HashMap<Seq, CommitId>,
}

impl Facts {
    /// The positions whose commit ids the plan needs. Few: an ordinary append is not repeated, and its subject's last
    /// commit lies anywhere in the file.
    pub fn doubtful<'a>(&'a self, groups: &'a [&Append]) -> impl Iterator<Item = Seq> + 'a {
        let commits = groups.iter().flat_map(|group| &group.commits);
        commits.zip(&self.last).filter_map(|(commit, last)| last.filter(|_| may_be_repeated(commit, *last)))
    }
}

/// One row to insert.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub seq: Seq,
    /// The subject's commit before; [`Seq::ZERO`] for its first.
    pub prev: Seq,
    pub commit: &'a NewCommit,
}

/// The outcome of every group and the rows that make it true.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// In the batch's order. The positions of a group to be stored are true only once the rows are committed.
    pub outcomes: Vec<Outcome>,
    pub rows: Vec<Row<'a>>,
    /// The last position of the log once the rows are committed.
    pub head: Seq,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// True already.
    Settled(Result<Appended, AppendError>),
    /// True once committed.
    Stored(Vec<Seq>),
}

impl<'a> Plan<'a> {
    pub fn make(groups: &[&'a Append], facts: &Facts) -> Self {
        let mut plan = Self { outcomes: Vec::with_capacity(groups.len()), rows: Vec::new(), head: facts.head };
        let mut rest = facts.last.as_slice();
        for group in groups {
            let (last, next) = rest.split_at(group.commits.len());
            rest = next;
            let outcome = match judge(group, last, |commit, seq| facts.ids.get(&seq) == Some(&commit.id)) {
                Verdict::Repeated(seqs) => Outcome::Settled(Ok(Appended { seqs })),
                Verdict::Conflict(subject, actual) => Outcome::Settled(Err(AppendError::Conflict { subject, actual })),
                Verdict::Store => Outcome::Stored(plan.store(group, last)),
            };
            plan.outcomes.push(outcome);
        }
        plan
    }

    fn store(&mut self, group: &'a Append, last: &[Option<Seq>]) -> Vec<Seq> {
        let mut seqs = Vec::with_capacity(group.commits.len());
        for (commit, last) in group.commits.iter().zip(last) {
            self.head = self.head.plus(1);
            self.rows.push(Row { seq: self.head, prev: last.unwrap_or_default(), commit });
            seqs.push(self.head);
        }
        seqs
    }
}
