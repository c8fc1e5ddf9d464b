//! Lost answers: the same commit again.

use futures_util::FutureExt;

use super::Harness;
use super::sample::{Sample, put, put_group, whole};
use crate::{Append, AppendError, Expected, Seq};

/// Whatever was expected, nothing is stored twice.
pub async fn a_repeated_commit_answers_its_first_position(harness: &dyn Harness) {
    let log = harness.open().await;
    let user = Sample::user();
    let first = Sample::first(&user);
    let seq = put(&*log, first.clone()).await;
    assert_eq!(put(&*log, first).await, seq);
    put(&*log, Sample::first(&Sample::user())).await;

    let second = Sample::next(&user, seq);
    let seq = put(&*log, second.clone()).await;
    for _ in 0..3 {
        assert_eq!(put(&*log, second.clone()).await, seq);
    }
    let entry = Sample::commit(&Sample::ledger(), None);
    let seq = put(&*log, entry.clone()).await;
    assert_eq!(put(&*log, entry).await, seq);
    assert_eq!(whole(&*log).await.len(), 4);
}

/// A group is a repetition only when all of it is.
pub async fn a_repeated_group_answers_its_first_positions(harness: &dyn Harness) {
    let log = harness.open().await;
    let user = Sample::user();
    let group = vec![Sample::first(&user), Sample::first(&Sample::delivery()), Sample::commit(&Sample::ledger(), None)];
    let appended = put_group(&*log, group.clone()).await;
    assert_eq!(put_group(&*log, group.clone()).await, appended);

    let half = vec![group[0].clone(), Sample::first(&Sample::delivery())];
    let outcome = log.append(Append { commits: half }).await;
    assert_eq!(outcome, Err(AppendError::Conflict { subject: user, actual: Some(appended.seqs[0]) }));
    assert_eq!(whole(&*log).await.len(), 3);
}

/// Only the last commit of a subject is recognised, and only on its own subject.
pub async fn a_commit_of_the_past_is_a_conflict(harness: &dyn Harness) {
    let log = harness.open().await;
    let user = Sample::user();
    let first = Sample::first(&user);
    let seq = put(&*log, first.clone()).await;
    let last = put(&*log, Sample::next(&user, seq)).await;
    let outcome = log.append(Append::one(first.clone())).await;
    assert_eq!(outcome, Err(AppendError::Conflict { subject: user.clone(), actual: Some(last) }));

    let other = Sample::user();
    let other_last = put(&*log, Sample::first(&other)).await;
    let mut borrowed = Sample::commit(&other, Some(Expected::NoStream));
    borrowed.id = first.id;
    let outcome = log.append(Append::one(borrowed)).await;
    assert_eq!(outcome, Err(AppendError::Conflict { subject: other, actual: Some(other_last) }));
}

/// The caller goes away while its append is on the way, and comes back with the same one.
pub async fn an_abandoned_append_happens_once_at_most(harness: &dyn Harness) {
    let log = harness.open().await;
    for round in 0..100 {
        let user = Sample::user();
        let commit = Sample::first(&user);
        // One poll hands the append over; dropping the future loses the answer.
        drop(log.append(Append::one(commit.clone())).now_or_never());
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        let seq = put(&*log, commit.clone()).await;
        let stored = log.read_subject(&user, Seq::ZERO, 10).await.expect("reads");
        assert_eq!(stored.len(), 1);
        assert_eq!((stored[0].seq, &stored[0].id), (seq, &commit.id));
    }
}

/// A group that was stored, and from which somebody has gone on, is no repetition any more; all of it or nothing.
pub async fn a_group_of_the_past_is_a_conflict(harness: &dyn Harness) {
    let log = harness.open().await;
    let (user, tenant) = (Sample::user(), Sample::tenant());
    let group = vec![Sample::first(&user), Sample::first(&tenant), Sample::commit(&Sample::ledger(), None)];
    let appended = put_group(&*log, group.clone()).await;
    let last = put(&*log, Sample::next(&tenant, appended.seqs[1])).await;
    let outcome = log.append(Append { commits: group.clone() }).await;
    assert_eq!(outcome, Err(AppendError::Conflict { subject: user, actual: Some(appended.seqs[0]) }));
    assert_eq!(log.head().await, Ok(last));
}
