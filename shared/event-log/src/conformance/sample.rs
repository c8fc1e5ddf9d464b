//! Ids and commits for the suite.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use twofold_domain::{Channel, CommitId, KeyedHash, MessageId, TenantId, UserToken};

use crate::{Append, Appended, EventLog, Expected, MAX_READ_COMMITS, NewCommit, Seq, Stored, Subject};

/// Makes ids that no other sample of this process has.
#[derive(Debug, Clone, Copy)]
pub struct Sample;

impl Sample {
    /// 16 bytes, each call others.
    pub fn bytes() -> [u8; 16] {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        bytes[8..].copy_from_slice(&n.to_be_bytes());
        bytes
    }

    /// A user without commits.
    pub fn user() -> Subject {
        Subject::user(7, &TenantId::from_bytes(Self::bytes()), &UserToken::from_bytes(Self::bytes()))
    }

    /// A tenant without commits.
    pub fn tenant() -> Subject {
        Subject::tenant(&TenantId::from_bytes(Self::bytes()))
    }

    /// A delivery without commits.
    pub fn delivery() -> Subject {
        let (tenant, message) = (TenantId::from_bytes(Self::bytes()), MessageId::from_bytes(Self::bytes()));
        Subject::delivery(Channel::Email, &tenant, &message)
    }

    /// A ledger without commits.
    pub fn ledger() -> Subject {
        Subject::ledger(&TenantId::from_bytes(Self::bytes()), &MessageId::from_bytes(Self::bytes()))
    }

    /// A destination that was never suppressed.
    pub fn suppression() -> Subject {
        let (one, other) = (Self::bytes(), Self::bytes());
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(&one);
        hash[16..].copy_from_slice(&other);
        Subject::suppression(&TenantId::from_bytes(Self::bytes()), &KeyedHash::new(hash))
    }

    /// A commit with an id and a payload of its own.
    pub fn commit(subject: &Subject, expected: Option<Expected>) -> NewCommit {
        let id = CommitId::from_bytes(Self::bytes());
        let payload = Bytes::from(format!("{{\"commit\":\"{id}\"}}"));
        NewCommit { subject: subject.clone(), expected, id, payload }
    }

    /// The first commit of a subject.
    pub fn first(subject: &Subject) -> NewCommit {
        Self::commit(subject, Some(Expected::NoStream))
    }

    /// The commit after a position.
    pub fn next(subject: &Subject, seq: Seq) -> NewCommit {
        Self::commit(subject, Some(Expected::Exact(seq)))
    }
}

/// Appends a commit that must succeed.
pub(super) async fn put(log: &dyn EventLog, commit: NewCommit) -> Seq {
    put_group(log, vec![commit]).await.seqs[0]
}

/// Appends a group that must succeed.
pub(super) async fn put_group(log: &dyn EventLog, commits: Vec<NewCommit>) -> Appended {
    let count = commits.len();
    let appended = log.append(Append { commits }).await.expect("the group is appended");
    assert_eq!(appended.seqs.len(), count);
    appended
}

/// The whole log, page by page.
pub(super) async fn whole(log: &dyn EventLog) -> Vec<Stored> {
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let after = all.last().map_or(Seq::ZERO, |stored| stored.seq);
        let page = log.read_all(after, MAX_READ_COMMITS).await.expect("the log reads");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Whether `stored` is `commit` as appended.
pub(super) fn is(stored: &Stored, commit: &NewCommit) -> bool {
    stored.subject == commit.subject && stored.id == commit.id && stored.payload == commit.payload
}
