//! Closing and opening.

use super::Harness;
use super::sample::{Sample, put, whole};
use crate::{Append, AppendError};

/// Positions, expectations and repetitions outlive the handle.
pub async fn a_reopened_log_has_everything_and_goes_on(harness: &dyn Harness) {
    let user = Sample::user();
    let log = harness.open().await;
    let first = Sample::first(&user);
    let seq = put(&*log, first.clone()).await;
    for _ in 0..20 {
        put(&*log, Sample::first(&Sample::delivery())).await;
    }
    let before = whole(&*log).await;
    log.close().await;
    log.close().await;
    drop(log);

    let log = harness.open().await;
    assert_eq!(whole(&*log).await, before);
    assert_eq!(put(&*log, first).await, seq);
    let outcome = log.append(Append::one(Sample::first(&user))).await;
    assert_eq!(outcome, Err(AppendError::Conflict { subject: user.clone(), actual: Some(seq) }));
    let next = put(&*log, Sample::next(&user, seq)).await;
    assert_eq!(Some(next), before.last().map(|stored| stored.seq.plus(1)));
    assert_eq!(*log.watch().borrow(), next);
}
