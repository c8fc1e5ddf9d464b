//! Groups.

use futures_util::future::join_all;

use super::Harness;
use super::sample::{Sample, is, put, put_group, whole};
use crate::{Append, AppendError, Seq};

/// The positions of a group follow each other in its order.
pub async fn a_group_is_stored_whole_and_side_by_side(harness: &dyn Harness) {
    let log = harness.open().await;
    let user = Sample::user();
    let last = put(&*log, Sample::first(&user)).await;
    let group = vec![
        Sample::next(&user, last),
        Sample::first(&Sample::delivery()),
        Sample::first(&Sample::tenant()),
        Sample::commit(&Sample::ledger(), None),
    ];
    let appended = put_group(&*log, group.clone()).await;
    assert!(appended.seqs.windows(2).all(|pair| pair[1] == pair[0].plus(1)));
    let stored = log.read_all(last, 100).await.expect("reads");
    assert_eq!(stored.iter().map(|stored| stored.seq).collect::<Vec<_>>(), appended.seqs);
    assert!(stored.iter().zip(&group).all(|(stored, commit)| is(stored, commit)));
}

/// Wherever in the group the wrong one is.
pub async fn one_wrong_expectation_stores_nothing_of_the_group(harness: &dyn Harness) {
    let log = harness.open().await;
    let taken = Sample::user();
    let last = put(&*log, Sample::first(&taken)).await;
    for position in 0..4 {
        let mut commits: Vec<_> = (0..3).map(|_| Sample::first(&Sample::delivery())).collect();
        commits.insert(position, Sample::first(&taken));
        let outcome = log.append(Append { commits: commits.clone() }).await;
        assert_eq!(outcome, Err(AppendError::Conflict { subject: taken.clone(), actual: Some(last) }));
        for commit in &commits {
            if commit.subject != taken {
                assert_eq!(log.last_of_subject(&commit.subject).await, Ok(None));
            }
        }
    }
    assert_eq!(log.head().await, Ok(last));
}

/// Many groups at once, every third with a wrong expectation: the others are not held back.
pub async fn conflicts_reject_only_their_own_group(harness: &dyn Harness) {
    let log = harness.open().await;
    let taken = Sample::user();
    put(&*log, Sample::first(&taken)).await;
    let outcomes = join_all((0..90).map(|n| {
        let subject = if n % 3 == 0 { taken.clone() } else { Sample::user() };
        log.append(Append { commits: vec![Sample::first(&Sample::delivery()), Sample::first(&subject)] })
    }))
    .await;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        if n % 3 == 0 {
            assert!(matches!(outcome, Err(AppendError::Conflict { subject, .. }) if subject == taken), "{n}");
        } else {
            assert!(outcome.is_ok(), "{n}: {outcome:?}");
        }
    }
    assert_eq!(log.head().await, Ok(Seq(1 + 60 * 2)));
    assert_eq!(whole(&*log).await.len(), 1 + 60 * 2);
}
