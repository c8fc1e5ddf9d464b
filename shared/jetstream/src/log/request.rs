//! Appends on their way.

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use twofold_event_log::{Append, AppendError, Appended, Seq, Subject};

use super::entry::{expected_seq, headers};
use crate::publish::Outgoing;

/// One accepted append. Every commit has an expectation that some log could fulfil.
#[derive(Debug)]
pub(super) struct Request {
    pub group: Append,
    pub trace: Option<String>,
    pub answer: oneshot::Sender<Result<Appended, AppendError>>,
    /// After this it is given up.
    pub deadline: Instant,
    /// The request's share of what may be in flight; given back when it is answered.
    #[expect(dead_code, reason = "held for its drop")]
    pub share: Share,
}

/// What a request holds of the limits.
#[derive(Debug)]
#[expect(dead_code, reason = "held for their drop")]
pub(super) struct Share {
    pub groups: OwnedSemaphorePermit,
    pub bytes: OwnedSemaphorePermit,
}

impl Request {
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.group.commits.iter().map(|commit| &commit.subject)
    }

    /// The group's messages, in its order.
    pub fn messages(&self) -> impl Iterator<Item = Outgoing> {
        self.group.commits.iter().map(|commit| Outgoing {
            subject: commit.subject.to_string(),
            // The callers' wrong beliefs were sorted out before; nothing is ever at the last position there is.
            headers: headers(commit, commit.expected.and_then(expected_seq).unwrap_or(u64::MAX), self.trace.as_deref()),
            payload: commit.payload.clone(),
        })
    }

    /// The answer when the last commit is here and the others are right before it.
    pub fn seqs_up_to(&self, last: Seq) -> Appended {
        let count = self.group.commits.len() as u64;
        let first = (last.0 + 1).saturating_sub(count);
        Appended { seqs: (first..=last.0).map(Seq).collect() }
    }

    pub fn finish(self, outcome: Result<Appended, AppendError>) {
        // Nobody waits any more: what was stored stays stored.
        drop(self.answer.send(outcome));
    }

    pub fn not_stored(self, reason: impl Into<String>) {
        self.finish(Err(AppendError::Unavailable { reason: reason.into(), maybe_appended: false }));
    }
}
