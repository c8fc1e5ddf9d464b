//! The fast way: what almost every append takes.

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;
use twofold_event_log::{Seq, Subject};

use super::Core;
use super::request::Request;
use super::resolve::Fate;
use super::settle::{Prior, Unsettled};
use crate::publish::{Outcome, Outgoing};

/// Times a batch is sent again without those whose expectation was wrong, before all go one by one.
const REPETITIONS: usize = 3;
/// Subjects looked up at the same time.
const CONCURRENT_READS: usize = 64;

/// What a round leaves behind.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// Subjects of what was answered.
    pub free: Vec<Subject>,
    /// What takes the slow way.
    pub unsettled: Vec<Unsettled>,
}

impl Finished {
    fn free(&mut self, request: &Request) {
        self.free.extend(request.subjects().cloned());
    }

    fn leave(&mut self, requests: impl IntoIterator<Item = Request>, prior: Prior) {
        self.unsettled.extend(requests.into_iter().map(|request| Unsettled { request, prior }));
    }
}

impl Core {
    /// How many rounds may be on the way at the same time.
    pub fn rounds_at_once(&self) -> usize {
        match self.options.rounds {
            0 if self.stream.replicated => 2,
            0 => 1,
            rounds => rounds,
        }
    }

    /// Sends what was gathered, at first once, and answers what has a clear answer.
    pub async fn round(&self, requests: Vec<Request>) -> Finished {
        let mut finished = Finished::default();
        let now = Instant::now();
        let connected = self.stream.broker.is_connected();
        let (late, requests): (Vec<_>, Vec<_>) = requests.into_iter().partition(|request| request.deadline <= now);
        for request in late {
            finished.free(&request);
            request.not_stored("it waited too long for its turn");
        }
        if !connected {
            for request in requests {
                finished.free(&request);
                request.not_stored("not connected to NATS");
            }
            return finished;
        }
        let single = requests.iter().all(|request| request.group.commits.len() == 1);
        if single && requests.len() <= self.options.singles_at_most {
            let singles = requests.into_iter().map(|request| self.batch(vec![request]));
            for one in join_all(singles).await {
                finished.free.extend(one.free);
                finished.unsettled.extend(one.unsettled);
            }
        } else if !requests.is_empty() {
            let batch = self.batch(requests).await;
            finished.free.extend(batch.free);
            finished.unsettled.extend(batch.unsettled);
        }
        finished
    }

    /// Sends one message or one batch.
    async fn batch(&self, mut requests: Vec<Request>) -> Finished {
        let mut finished = Finished::default();
        for repetition in 0..=REPETITIONS {
            if requests.is_empty() {
                return finished;
            }
            let messages: Vec<Outgoing> = requests.iter().flat_map(Request::messages).collect();
            let mut behind = messages.len() as u64;
            match self.stream.publisher.publish(messages, self.options.publish_timeout).await {
                Outcome::Stored(last) => {
                    self.acknowledge(last);
                    for request in requests {
                        behind -= request.group.commits.len() as u64;
                        finished.free(&request);
                        let appended = request.seqs_up_to(Seq(last.0.saturating_sub(behind)));
                        request.finish(Ok(appended));
                    }
                    return finished;
                }
                Outcome::Conflict(_) if requests.len() == 1 => {
                    finished.leave(requests, Prior::Conflict);
                    return finished;
                }
                Outcome::Conflict(found) => {
                    // Usually there is one. The server names what it found, and that names the subject.
                    let one = if repetition == 0 { self.culprit(&requests, found).await } else { None };
                    if let Some(position) = one {
                        finished.leave([requests.remove(position)], Prior::Conflict);
                        continue;
                    }
                    let (right, wrong) = self.sift(requests).await;
                    finished.leave(wrong, Prior::Conflict);
                    requests = right;
                }
                Outcome::Full(reason) => {
                    for request in requests {
                        finished.free(&request);
                        request.not_stored(reason.clone());
                    }
                    return finished;
                }
                Outcome::Refused(_) => break,
                Outcome::Unclear(reason) => {
                    tracing::debug!(reason, commits = behind, "an append without a clear answer");
                    finished.leave(requests, Prior::Unclear);
                    return finished;
                }
            }
        }
        finished.leave(requests, Prior::Untried);
        finished
    }

    /// Parts the requests whose expectations hold from those with a wrong one.
    async fn sift(&self, requests: Vec<Request>) -> (Vec<Request>, Vec<Request>) {
        let judged: Vec<_> = stream::iter(requests)
            .map(|request| async move {
                let fate = self.stream.judge(&request.group).await;
                (matches!(fate, Ok(Fate::Absent) | Err(_)), request)
            })
            .buffered(CONCURRENT_READS)
            .collect()
            .await;
        let (right, wrong): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(holds, _)| *holds);
        let requests = |judged: Vec<(bool, Request)>| judged.into_iter().map(|(_, request)| request).collect();
        (requests(right), requests(wrong))
    }

    /// Which request made the batch fail: the one whose subject has a commit at the position the server names.
    async fn culprit(&self, requests: &[Request], found: Option<Seq>) -> Option<usize> {
        let there = self.stream.at(found?).await.ok()??;
        requests.iter().position(|request| request.subjects().any(|subject| *subject == there.stored.subject))
    }
}
