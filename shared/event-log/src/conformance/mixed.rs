//! Everything at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::join_all;
use twofold_domain::CommitId;

use super::Harness;
use super::sample::{Sample, whole};
use crate::{Append, AppendError, EventLog, Expected, NewCommit, Seq, Stored, Subject};

const WRITERS: usize = 64;
const APPENDS_EACH: usize = 160;
const SHARED_USERS: usize = 100;

type Acknowledged = Vec<(Seq, Subject, CommitId)>;

/// 64 writers on two handles and 100 users, some appends in groups, some repeated, some in conflict.
pub async fn everything_acknowledged_is_there_exactly_once(harness: &dyn Harness) {
    let handles = [harness.open().await, harness.open().await];
    let users: Arc<Vec<Subject>> = Arc::new((0..SHARED_USERS).map(|_| Sample::user()).collect());
    let writers = (0..WRITERS).map(|writer| {
        let log = Arc::clone(&handles[usize::from(writer.is_multiple_of(8))]);
        let users = Arc::clone(&users);
        tokio::spawn(async move { write(&*log, &users, writer).await })
    });
    let mut acknowledged = Acknowledged::new();
    let mut conflicts = 0;
    for writer in join_all(writers).await {
        let (own, own_conflicts) = writer.expect("no writer panics");
        acknowledged.extend(own);
        conflicts += own_conflicts;
    }
    let all = whole(&*handles[0]).await;
    assert_eq!(whole(&*handles[1]).await, all);
    check(&all, &acknowledged);
    assert!(acknowledged.len() > WRITERS * APPENDS_EACH / 2, "{conflicts} conflicts");
}

async fn write(log: &dyn EventLog, users: &[Subject], writer: usize) -> (Acknowledged, usize) {
    let mut acknowledged = Acknowledged::new();
    let mut conflicts = 0;
    for turn in 0..APPENDS_EACH {
        let commits = group(log, &users[(writer * 31 + turn * 17) % users.len()], turn).await;
        let mut outcome = log.append(Append { commits: commits.clone() }).await;
        if turn.is_multiple_of(7) && outcome.is_ok() {
            // As if the answer had been lost. The user may have moved on meanwhile: then this is a conflict.
            match log.append(Append { commits: commits.clone() }).await {
                Err(AppendError::Conflict { .. }) => {}
                again => assert_eq!(again, outcome),
            }
        }
        if turn.is_multiple_of(11) && matches!(outcome, Err(AppendError::Conflict { .. })) {
            conflicts += 1;
            outcome = log.append(Append::one(Sample::commit(&Sample::ledger(), None))).await;
            assert!(outcome.is_ok());
            continue;
        }
        match outcome {
            Ok(appended) => {
                for (seq, commit) in appended.seqs.into_iter().zip(commits) {
                    acknowledged.push((seq, commit.subject, commit.id));
                }
            }
            Err(AppendError::Conflict { .. }) => conflicts += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    (acknowledged, conflicts)
}

async fn group(log: &dyn EventLog, user: &Subject, turn: usize) -> Vec<NewCommit> {
    if turn.is_multiple_of(4) {
        return vec![Sample::commit(&Sample::ledger(), None)];
    }
    let last = log.last_of_subject(user).await.expect("reads");
    let expected = last.map_or(Expected::NoStream, |last| Expected::Exact(last.seq));
    let mut commits = vec![Sample::commit(user, Some(expected))];
    if turn.is_multiple_of(3) {
        commits.push(Sample::first(&Sample::delivery()));
    }
    commits
}

fn check(all: &[Stored], acknowledged: &Acknowledged) {
    assert!(all.iter().zip(1..).all(|(stored, seq)| stored.seq == Seq(seq)), "positions without gaps");
    let ids: HashSet<_> = all.iter().map(|stored| &stored.id).collect();
    assert_eq!(ids.len(), all.len(), "no commit twice");
    let by_seq: HashMap<_, _> = all.iter().map(|stored| (stored.seq, stored)).collect();
    for (seq, subject, id) in acknowledged {
        let stored = by_seq.get(seq).expect("acknowledged, so stored");
        assert_eq!((&stored.subject, &stored.id), (subject, id));
    }
}
