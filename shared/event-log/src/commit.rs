//! What is appended and what is read.

use std::sync::Arc;

use bytes::Bytes;
use twofold_domain::CommitId;

use crate::{AppendError, Category};
use crate::{InvalidAppend, MAX_GROUP_BYTES, MAX_GROUP_COMMITS, MAX_PAYLOAD_BYTES, Seq, Subject};

/// What the writer believes about the last commit of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The subject has no commit yet.
    NoStream,
    /// The subject's last commit is at this position.
    Exact(Seq),
}

impl Expected {
    /// Whether the belief is true of `actual`, the subject's last position.
    pub fn holds(self, actual: Option<Seq>) -> bool {
        match self {
            Self::NoStream => actual.is_none(),
            Self::Exact(seq) => actual == Some(seq),
        }
    }
}

/// One commit to append.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// Where it goes.
    pub subject: Subject,
    /// `None` appends whatever came before; only for [`Category::Ledger`].
    pub expected: Option<Expected>,
    /// Names this attempt. Repeated with the same subject it finds the first attempt instead of appending again.
    pub id: CommitId,
    /// At most [`MAX_PAYLOAD_BYTES`].
    pub payload: Bytes,
}

/// Commits that are appended together or not at all, next to each other and in this order.
#[derive(Debug, Clone)]
pub struct Append {
    /// 1 to [`MAX_GROUP_COMMITS`], never two of one subject, together at most [`MAX_GROUP_BYTES`].
    pub commits: Vec<NewCommit>,
}

impl Append {
    /// A group of one.
    pub fn one(commit: NewCommit) -> Self {
        Self { commits: vec![commit] }
    }

    /// Bytes of all payloads.
    pub fn payload_bytes(&self) -> usize {
        self.commits.iter().map(|commit| commit.payload.len()).sum()
    }

    /// Checks everything that can be checked without the log. Every adapter does this first.
    ///
    /// # Errors
    /// [`AppendError::Invalid`] and [`AppendError::TooLarge`].
    pub fn validate(&self) -> Result<(), AppendError> {
        if self.commits.is_empty() {
            return Err(InvalidAppend::Empty.into());
        }
        if self.commits.len() > MAX_GROUP_COMMITS {
            return Err(InvalidAppend::TooManyCommits.into());
        }
        for (position, commit) in self.commits.iter().enumerate() {
            if self.commits[..position].iter().any(|earlier| earlier.subject == commit.subject) {
                return Err(InvalidAppend::SubjectTwice.into());
            }
            if commit.expected.is_none() && commit.subject.category() != Category::Ledger {
                return Err(InvalidAppend::Unconditional.into());
            }
            check_size(commit.payload.len(), MAX_PAYLOAD_BYTES)?;
        }
        check_size(self.payload_bytes(), MAX_GROUP_BYTES)
    }
}

fn check_size(size_bytes: usize, limit_bytes: usize) -> Result<(), AppendError> {
    if size_bytes > limit_bytes { Err(AppendError::TooLarge { size_bytes, limit_bytes }) } else { Ok(()) }
}

/// One commit as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it is.
    pub seq: Seq,
    /// Whose it is.
    pub subject: Subject,
    /// The attempt that appended it.
    pub id: CommitId,
    /// What was appended, byte for byte.
    pub payload: Bytes,
    /// The W3C `traceparent` of the request that appended it, where the adapter carries one (message headers).
    pub trace: Option<Arc<str>>,
}

/// The end of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Newest {
    /// Newest first, none left out between them.
    pub commits: Vec<Stored>,
    /// Whether the subject has no others. `false` also where that is not known.
    pub all: bool,
}

/// Where the commits of a group went, in the group's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// As many as the group had commits; each one more than the one before.
    pub seqs: Vec<Seq>,
}
