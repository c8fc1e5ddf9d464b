//! The slow way: after a conflict or an unclear answer, until it is known what became of a group.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};
use twofold_event_log::{AppendError, Appended, ReadError, Seq};

use super::Core;
use super::request::Request;
use super::resolve::Fate;
use crate::publish::{Outcome, Outgoing};

/// First pause before another attempt; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What is known of a group before it takes the slow way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prior {
    /// Certainly not stored, through no fault of its own.
    Untried,
    /// Certainly not stored by us: one of its expectations was called wrong.
    Conflict,
    /// Sent, and no clear answer.
    Unclear,
}

/// A group on the slow way.
#[derive(Debug)]
pub(super) struct Unsettled {
    pub request: Request,
    pub prior: Prior,
}

/// How to go on after a look at the log.
enum Next {
    Answer(Result<Appended, AppendError>),
    Publish,
    Pause,
}

impl Core {
    /// Publishes and looks until the answer is clear or the time is up. Publishing again is safe however often: all
    /// attempts have the same expectations, so one of them succeeds at most.
    pub async fn settle(&self, request: &Request, prior: Prior) -> Result<Appended, AppendError> {
        let mut unclear = prior == Prior::Unclear;
        let mut reason = "no clear answer".to_owned();
        let mut pause = FIRST_PAUSE;
        let mut next = match prior {
            Prior::Untried => Next::Publish,
            Prior::Conflict | Prior::Unclear => self.look(request, unclear, &mut reason).await,
        };
        loop {
            next = match next {
                Next::Answer(answer) => return answer,
                Next::Publish | Next::Pause if Instant::now() >= request.deadline => {
                    if unclear {
                        tracing::warn!(reason, "it is not known whether an append was stored");
                    }
                    return Err(AppendError::Unavailable { reason, maybe_appended: unclear });
                }
                Next::Pause => {
                    sleep_until((Instant::now() + pause).min(request.deadline)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    if unclear { self.look(request, unclear, &mut reason).await } else { Next::Publish }
                }
                Next::Publish if !self.stream.broker.is_connected() => {
                    "not connected to NATS".clone_into(&mut reason);
                    if unclear { Next::Pause } else { Next::Answer(not_stored(&reason)) }
                }
                Next::Publish => match self.attempt(request).await {
                    Outcome::Stored(last) => {
                        self.acknowledge(last);
                        Next::Answer(Ok(request.seqs_up_to(last)))
                    }
                    Outcome::Conflict(_) => match self.look(request, unclear, &mut reason).await {
                        // Neither ours nor anybody's yet: some append is still on its way.
                        Next::Publish => Next::Pause,
                        next @ (Next::Answer(_) | Next::Pause) => next,
                    },
                    Outcome::Full(why) if !unclear => Next::Answer(not_stored(&why)),
                    Outcome::Full(why) | Outcome::Refused(why) => {
                        reason = why;
                        Next::Pause
                    }
                    Outcome::Unclear(why) => {
                        unclear = true;
                        reason = why;
                        Next::Pause
                    }
                },
            };
        }
    }

    /// The answer for commits that were found in the log, and not acknowledged.
    pub async fn seen(&self, seqs: Vec<Seq>, deadline: Instant) -> Result<Appended, AppendError> {
        let last = seqs.iter().copied().max().unwrap_or_default();
        self.raise(last);
        if self.kept.certainly(&self.stream, last, deadline).await {
            return Ok(Appended { seqs });
        }
        let reason = "the log shows it, but nothing behind it was acknowledged since the server's restart".to_owned();
        tracing::warn!(reason, "it is not known whether an append would survive a loss of power");
        Err(AppendError::Unavailable { reason, maybe_appended: true })
    }

    async fn attempt(&self, request: &Request) -> Outcome {
        let messages: Vec<Outgoing> = request.messages().collect();
        let left = request.deadline.saturating_duration_since(Instant::now());
        self.stream.publisher.publish(messages, self.options.publish_timeout.min(left)).await
    }

    /// Reads from the leader. With an unclear attempt open, what counts is who came right behind the expected position;
    /// without one, what the subject's last commit is.
    async fn look(&self, request: &Request, unclear: bool, reason: &mut String) -> Next {
        let group = &request.group;
        let fate = async {
            let _turn = self.looks.acquire().await;
            if unclear { self.stream.fate(group).await } else { self.stream.judge(group).await }
        };
        let Ok(fate) = timeout_at(request.deadline, fate).await else { return Next::Pause };
        match fate {
            Ok(Fate::Stored(seqs)) => Next::Answer(self.seen(seqs, request.deadline).await),
            Ok(Fate::Conflict(subject, actual)) => Next::Answer(Err(AppendError::Conflict { subject, actual })),
            Ok(Fate::Partly) => {
                "a part of the group is stored".clone_into(reason);
                Next::Pause
            }
            // Without an open attempt: somebody else's append to the subject is still on its way and may yet fail.
            Ok(Fate::Absent) if unclear => Next::Publish,
            Ok(Fate::Absent) => Next::Pause,
            Err(ReadError::Corrupt(why)) if !unclear => Next::Answer(not_stored(&why)),
            Err(ReadError::Unavailable(why) | ReadError::Corrupt(why)) => {
                *reason = why;
                Next::Pause
            }
        }
    }
}

fn not_stored(reason: &str) -> Result<Appended, AppendError> {
    Err(AppendError::Unavailable { reason: reason.to_owned(), maybe_appended: false })
}
