//! Sizes and counts.

use bytes::Bytes;

use super::Harness;
use super::sample::{Sample, put, whole};
use crate::{
    Append, AppendError, InvalidAppend, MAX_GROUP_BYTES, MAX_GROUP_COMMITS, MAX_PAYLOAD_BYTES, MAX_READ_COMMITS, Seq,
};

/// Every byte value comes back, and an empty payload is a payload.
pub async fn the_largest_payload_fits_and_one_byte_more_does_not(harness: &dyn Harness) {
    let log = harness.open().await;
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(MAX_PAYLOAD_BYTES).collect();
    for payload in [Bytes::new(), Bytes::from(every_byte)] {
        let mut commit = Sample::first(&Sample::user());
        commit.payload = payload;
        put(&*log, commit.clone()).await;
        let stored = log.last_of_subject(&commit.subject).await.expect("reads").expect("stored");
        assert_eq!(stored.payload, commit.payload);
    }
    let head = log.head().await;
    let mut commit = Sample::first(&Sample::user());
    commit.payload = Bytes::from(vec![0; MAX_PAYLOAD_BYTES + 1]);
    let too_large = AppendError::TooLarge { size_bytes: MAX_PAYLOAD_BYTES + 1, limit_bytes: MAX_PAYLOAD_BYTES };
    assert_eq!(log.append(Append::one(commit)).await, Err(too_large));

    let count = MAX_GROUP_BYTES / MAX_PAYLOAD_BYTES + 1;
    let commits = (0..count).map(|_| {
        let mut commit = Sample::first(&Sample::user());
        commit.payload = Bytes::from(vec![0; MAX_PAYLOAD_BYTES]);
        commit
    });
    let outcome = log.append(Append { commits: commits.collect() }).await;
    let size_bytes = count * MAX_PAYLOAD_BYTES;
    assert_eq!(outcome, Err(AppendError::TooLarge { size_bytes, limit_bytes: MAX_GROUP_BYTES }));
    assert_eq!(log.head().await, head);
}

/// Defects of the caller are named, and store nothing.
pub async fn malformed_groups_are_refused(harness: &dyn Harness) {
    let log = harness.open().await;
    let user = Sample::user();
    let many = (0..=MAX_GROUP_COMMITS).map(|_| Sample::first(&Sample::user())).collect();
    let groups = [
        (vec![], InvalidAppend::Empty),
        (many, InvalidAppend::TooManyCommits),
        (vec![Sample::first(&user), Sample::first(&user)], InvalidAppend::SubjectTwice),
        (vec![Sample::commit(&user, None)], InvalidAppend::Unconditional),
        (vec![Sample::commit(&Sample::delivery(), None)], InvalidAppend::Unconditional),
        (vec![Sample::commit(&Sample::tenant(), None)], InvalidAppend::Unconditional),
    ];
    for (commits, why) in groups {
        assert_eq!(log.append(Append { commits }).await, Err(AppendError::Invalid(why)));
    }
    assert!(whole(&*log).await.is_empty());
    let most = (0..MAX_GROUP_COMMITS).map(|_| Sample::first(&Sample::user())).collect();
    assert!(log.append(Append { commits: most }).await.is_ok());
}

/// A caller that asks for everything gets a page.
pub async fn a_read_is_cut_to_the_limit(harness: &dyn Harness) {
    let log = harness.open().await;
    let groups = MAX_READ_COMMITS / MAX_GROUP_COMMITS + 1;
    for _ in 0..groups {
        let commits = (0..MAX_GROUP_COMMITS).map(|_| Sample::commit(&Sample::ledger(), None)).collect();
        assert!(log.append(Append { commits }).await.is_ok());
    }
    assert_eq!(log.read_all(Seq::ZERO, usize::MAX).await.expect("reads").len(), MAX_READ_COMMITS);
    assert_eq!(log.read_all(Seq::ZERO, 3).await.expect("reads").len(), 3);
    assert!(log.read_all(Seq::ZERO, 0).await.expect("reads").is_empty());
    assert_eq!(whole(&*log).await.len(), groups * MAX_GROUP_COMMITS);
}
