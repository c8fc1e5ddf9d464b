//! Many writers, one subject.

use std::sync::Arc;

use futures_util::future::join_all;

use super::Harness;
use super::sample::Sample;
use crate::{Append, AppendError, Expected, Seq};

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
