//! The pipeline: while something is on its way, the next gathers.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use twofold_event_log::Subject;

use super::Core;
use super::gather::Waiting;
use super::request::Request;
use super::round::Finished;
use super::settle::Unsettled;

/// The task that owns all appends of one handle.
pub(super) struct Appender {
    core: Arc<Core>,
    incoming: mpsc::UnboundedReceiver<Request>,
    waiting: Waiting,
    /// The fast way, a few at a time.
    rounds: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// The slow way, apart so that it holds up nobody else. Answers the subjects it is done with.
    settling: FuturesUnordered<BoxFuture<'static, Vec<Subject>>>,
}

impl Appender {
    /// `incoming` is bounded by the shares its requests hold.
    pub fn new(core: Arc<Core>, incoming: mpsc::UnboundedReceiver<Request>) -> Self {
        Self {
            core,
            incoming,
            waiting: Waiting::default(),
            rounds: FuturesUnordered::new(),
            settling: FuturesUnordered::new(),
        }
    }

    /// Runs until it is told to close and everything accepted is answered.
    pub async fn run(mut self, closing: CancellationToken) {
        let mut open = true;
        let mut told = false;
        loop {
            self.start_rounds();
            if !open && self.rounds.is_empty() && self.settling.is_empty() && self.waiting.is_empty() {
                return;
            }
            tokio::select! {
                Some(finished) = self.rounds.next() => {
                    self.waiting.free(finished.free);
                    for unsettled in finished.unsettled {
                        self.settling.push(Box::pin(settle(Arc::clone(&self.core), unsettled)));
                    }
                    // The callers just answered often append again: let them, instead of leaving without them.
                    tokio::task::yield_now().await;
                }
                Some(subjects) = self.settling.next() => self.waiting.free(subjects),
                request = self.incoming.recv(), if open => match request {
                    Some(request) => self.waiting.push(request),
                    None => open = false,
                },
                () = closing.cancelled(), if !told => {
                    told = true;
                    self.incoming.close();
                }
            }
            while let Ok(request) = self.incoming.try_recv() {
                self.waiting.push(request);
            }
        }
    }

    fn start_rounds(&mut self) {
        while self.rounds.len() < self.core.rounds_at_once() {
            let requests = self.waiting.take(&self.core.options);
            if requests.is_empty() {
                return;
            }
            let core = Arc::clone(&self.core);
            self.rounds.push(Box::pin(async move { core.round(requests).await }));
        }
    }
}

async fn settle(core: Arc<Core>, unsettled: Unsettled) -> Vec<Subject> {
    let Unsettled { request, prior } = unsettled;
    let outcome = core.settle(&request, prior).await;
    let subjects = request.subjects().cloned().collect();
    request.finish(outcome);
    subjects
}
