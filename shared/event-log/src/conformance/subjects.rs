//! Subjects are exact.

use twofold_domain::{AccountId, TenantId, UserToken};

use super::Harness;
use super::sample::{Sample, put};
use crate::{Append, Expected, NewCommit, Seq, Subject};

/// Subjects that begin alike, or that a careless `LIKE` or wildcard would confuse.
pub async fn neighbours_never_see_each_other(harness: &dyn Harness) {
    let log = harness.open().await;
    let tenant = TenantId::from_bytes(Sample::bytes());
    let user = UserToken::from_bytes(Sample::bytes());
    let mut subjects = vec![
        Subject::tenant(&tenant),
        Subject::account(&tenant, &AccountId::from_bytes(Sample::bytes())),
        Subject::tenant(&TenantId::from_bytes(Sample::bytes())),
    ];
    subjects.extend([1, 10, 11, 111].map(|partition| Subject::user(partition, &tenant, &user)));
    for last in ["a", "ab", "a_", "a_b", "axb", "a-b", "_", "-"] {
        subjects.push(Subject::parse(&format!("tf.cf.{tenant}.{last}")).expect("well-formed"));
    }
    let mut appended = Vec::new();
    for subject in &subjects {
        appended.push(put(&*log, Sample::first(subject)).await);
    }
    for (subject, seq) in subjects.iter().zip(appended) {
        let stored = log.read_subject(subject, Seq::ZERO, 100).await.expect("reads");
        assert_eq!(stored.iter().map(|stored| stored.seq).collect::<Vec<_>>(), [seq], "{subject}");
        put(&*log, Sample::next(subject, seq)).await;
    }
}

/// What could be a pattern is no subject in the first place.
pub async fn no_subject_is_a_pattern(harness: &dyn Harness) {
    let log = harness.open().await;
    let subject = Sample::tenant();
    put(&*log, Sample::first(&subject)).await;
    let tenant = subject.tenant_id().expect("it has one");
    for text in ["tf.>", "tf.cf.>", "tf.cf.*.tenant", "*", ">", "", "tf.cf.%.tenant"] {
        assert!(Subject::parse(text).is_err(), "{text:?}");
    }
    for last in ["*", ">", "%", "a*", "a b", "a\r\nb", "'", "\"", "\\", "\0"] {
        assert!(Subject::parse(&format!("tf.cf.{tenant}.{last}")).is_err(), "{last:?}");
    }
    let commit = NewCommit { expected: Some(Expected::NoStream), ..Sample::first(&Sample::tenant()) };
    assert!(log.append(Append::one(commit)).await.is_ok());
}
