//! Expectations.

use super::Harness;
use super::sample::{Sample, is, put, whole};
use crate::{Append, AppendError, Expected, Seq};

/// `NoStream`, then `Exact` of the position just answered; what is read is what was appended.
pub async fn a_subject_grows_by_exact_expectations(harness: &dyn Harness) {
    let log = harness.open().await;
    assert_eq!(log.head().await, Ok(Seq::ZERO));
    for subject in [Sample::user(), Sample::tenant(), Sample::delivery(), Sample::ledger(), Sample::suppression()] {
        assert_eq!(log.last_of_subject(&subject).await, Ok(None));
        let mut commits = vec![Sample::first(&subject)];
        let mut last = put(&*log, commits[0].clone()).await;
        for _ in 0..4 {
            let next = Sample::next(&subject, last);
            commits.push(next.clone());
            let seq = put(&*log, next).await;
            assert!(seq > last);
            last = seq;
        }
        let stored = log.read_subject(&subject, Seq::ZERO, 100).await.expect("reads");
        assert_eq!(stored.len(), commits.len());
        assert!(stored.iter().zip(&commits).all(|(stored, commit)| is(stored, commit)));
        assert_eq!(log.last_of_subject(&subject).await.expect("reads"), stored.last().cloned());
        assert_eq!(log.head().await, Ok(last));
    }
}

/// The conflict names the subject and where it really is.
pub async fn a_wrong_expectation_is_a_conflict_and_stores_nothing(harness: &dyn Harness) {
    let log = harness.open().await;
    let subject = Sample::user();
    let absent = Sample::user();
    let first = put(&*log, Sample::first(&subject)).await;
    let second = put(&*log, Sample::next(&subject, first)).await;
    let wrong = [
        (&subject, Expected::NoStream, Some(second)),
        (&subject, Expected::Exact(first), Some(second)),
        (&subject, Expected::Exact(second.plus(1)), Some(second)),
        (&subject, Expected::Exact(Seq::ZERO), Some(second)),
        (&absent, Expected::Exact(second), None),
        (&absent, Expected::Exact(Seq::ZERO), None),
        (&absent, Expected::Exact(Seq::MAX), None),
    ];
    for (subject, expected, actual) in wrong {
        let outcome = log.append(Append::one(Sample::commit(subject, Some(expected)))).await;
        assert_eq!(outcome, Err(AppendError::Conflict { subject: subject.clone(), actual }), "{expected:?}");
    }
    assert_eq!(log.head().await, Ok(second));
    assert_eq!(whole(&*log).await.len(), 2);
}

/// The outcome of a delivery is recorded whatever was recorded before; an expectation is still checked.
pub async fn ledger_entries_need_no_expectation(harness: &dyn Harness) {
    let log = harness.open().await;
    let subject = Sample::ledger();
    let mut last = Seq::ZERO;
    for _ in 0..3 {
        last = put(&*log, Sample::commit(&subject, None)).await;
    }
    assert_eq!(log.read_subject(&subject, Seq::ZERO, 100).await.expect("reads").len(), 3);
    let outcome = log.append(Append::one(Sample::first(&subject))).await;
    assert_eq!(outcome, Err(AppendError::Conflict { subject: subject.clone(), actual: Some(last) }));
    put(&*log, Sample::next(&subject, last)).await;
}
