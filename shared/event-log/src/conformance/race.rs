//! Many writers, one subject.

use std::sync::Arc;

use futures_util::future::join_all;

use super::Harness;
use super::sample::Sample;
use crate::{Append, AppendError, EventLog, Expected, Seq, Subject};

const WRITERS: usize = 16;
const ROUNDS: usize = 200;

/// All expect the same; half of them over another handle. The losers learn who won.
pub async fn one_of_sixteen_writers_wins_each_round(harness: &dyn Harness) {
    let handles = [harness.open().await, harness.open().await];
    let subject = Sample::user();
    let mut expected = Expected::NoStream;
    for round in 0..ROUNDS {
        let attempts = (0..WRITERS).map(|writer| {
            let log = Arc::clone(&handles[writer % 2]);
            let commit = Sample::commit(&subject, Some(expected));
            tokio::spawn(async move { (commit.id.clone(), log.append(Append::one(commit)).await) })
        });
        let mut winner = None;
        let mut seen = Vec::new();
        for attempt in join_all(attempts).await {
            match attempt.expect("no writer panics") {
                (id, Ok(appended)) => {
                    assert!(winner.replace((id, appended.seqs[0])).is_none(), "two winners in round {round}");
                }
                (_, Err(AppendError::Conflict { actual, .. })) => seen.push(actual),
                (_, Err(other)) => panic!("round {round}: {other:?}"),
            }
        }
        let (id, seq) = winner.expect("somebody wins");
        assert!(seen.iter().all(|actual| *actual == Some(seq)), "round {round}");
        let last = handles[0].last_of_subject(&subject).await.expect("reads").expect("stored");
        assert_eq!((last.seq, last.id), (seq, id));
        expected = Expected::Exact(seq);
    }
    assert_eq!(handles[0].read_subject(&subject, Seq::ZERO, 1000).await.expect("reads").len(), ROUNDS);
}

/// Groups over two subjects each, in either order: one of them wins whole, over whichever handle.
pub async fn two_groups_over_the_same_subjects_never_mix(harness: &dyn Harness) {
    let handles = [harness.open().await, harness.open().await];
    let subjects = [Sample::user(), Sample::tenant()];
    let mut expected = [Expected::NoStream; 2];
    for round in 0..ROUNDS / 4 {
        let attempts = (0..WRITERS).map(|writer| {
            let mut commits: Vec<_> =
                subjects.iter().zip(expected).map(|(subject, seq)| Sample::commit(subject, Some(seq))).collect();
            if writer % 4 < 2 {
                commits.reverse();
            }
            let log = Arc::clone(&handles[writer % 2]);
            tokio::spawn(async move { (commits.clone(), log.append(Append { commits }).await) })
        });
        let mut winner = None;
        for attempt in join_all(attempts).await {
            let (commits, outcome) = attempt.expect("no writer panics");
            match outcome {
                Ok(_) => assert!(winner.replace(commits).is_none(), "two winners in round {round}"),
                Err(AppendError::Conflict { .. }) => {}
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        let winner = winner.expect("somebody wins");
        for (subject, expected) in subjects.iter().zip(&mut expected) {
            let last = last_of(&*handles[0], subject).await;
            assert!(winner.iter().any(|commit| commit.subject == *subject && commit.id == last.1));
            *expected = Expected::Exact(last.0);
        }
    }
}

async fn last_of(log: &dyn EventLog, subject: &Subject) -> (Seq, twofold_domain::CommitId) {
    let last = log.last_of_subject(subject).await.expect("reads").expect("stored");
    (last.seq, last.id)
}

/// Entries without an expectation to one ledger, from many writers over two handles: each is stored, and once.
pub async fn unconditional_entries_are_all_stored(harness: &dyn Harness) {
    const EACH: usize = 10;
    let handles = [harness.open().await, harness.open().await];
    let ledger = Sample::ledger();
    let writers = (0..WRITERS).map(|writer| {
        let (log, ledger) = (Arc::clone(&handles[writer % 2]), ledger.clone());
        tokio::spawn(async move {
            let mut own = Vec::new();
            for _ in 0..EACH {
                let commit = Sample::commit(&ledger, None);
                let appended = log.append(Append::one(commit.clone())).await.expect("appended");
                own.push((appended.seqs[0], commit.id));
            }
            own
        })
    });
    let mut acknowledged: Vec<_> =
        join_all(writers).await.into_iter().flat_map(|own| own.expect("no writer panics")).collect();
    acknowledged.sort();
    let stored = handles[1].read_subject(&ledger, Seq::ZERO, 1000).await.expect("reads");
    let stored: Vec<_> = stored.into_iter().map(|stored| (stored.seq, stored.id)).collect();
    assert_eq!(stored, acknowledged);
}
