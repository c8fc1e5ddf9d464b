//! Attempts, as soon as there is a place for them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};
use twofold_domain::delivery::DeliveryEvent;
use twofold_telemetry::continue_trace;

use super::admit::Admission;
use super::carry::Next;
use super::job::Job;
use super::past::{Known, Past, known_of};
use super::request::Request;
use super::yard::Slot;

/// A look is taken at least this often, whatever was said.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Tenants without messages are forgotten this often.
const TIDY_EVERY: Duration = Duration::from_secs(10);
/// An attempt that takes longer has to stand aside.
const LONG: Duration = Duration::from_secs(1);

/// Begins attempts; never ends.
pub(super) async fn dispatch(admission: &Arc<Admission>) {
    let yard = &admission.yard;
    let mut tidied = Instant::now();
    loop {
        while let Some((slot, job)) = yard.next() {
            let attempt = Arc::clone(admission).attempt(slot, job);
            admission.tasks.spawn(admission.hard_stop.clone().run_until_cancelled_owned(attempt));
        }
        let pause = yard.until_due().map_or(LOOK_EVERY, |due| due.min(LOOK_EVERY));
        let _ = tokio::time::timeout(pause.max(Duration::from_millis(1)), yard.woken.notified()).await;
        if tidied.elapsed() >= TIDY_EVERY {
            yard.tidy();
            tidied = Instant::now();
        }
    }
}

impl Admission {
    async fn attempt(self: Arc<Self>, slot: Slot, mut job: Job) {
        if let Some(request) = job.request(&self.reader).await {
            let span = span(&request);
            self.carry(slot, job, request).instrument(span).await;
        } else {
            tracing::error!(seq = job.seq.0, "a delivery request cannot be read any more");
        }
    }

    /// One attempt and what follows from it.
    async fn carry(&self, mut slot: Slot, mut job: Job, request: Request) {
        let mut past = match self.past_of(&job, &request).await {
            None => return job.leave(Duration::ZERO).await,
            // Sent by another worker, whose last word to the queue was lost.
            Some(Known::Ended) => return job.end(&request).await,
            Some(Known::Lost(event)) => {
                self.carrier.ledger.record(&request, &event).await;
                return job.end(&request).await;
            }
            Some(Known::Tried(past)) => past,
        };
        let next = self.attempt_in(&mut slot, &request, &mut past).await;
        // While this is written down another attempt may begin; not so many that a log that is away is forgotten.
        let writing = self.writing.acquire().await;
        drop(slot);
        let (event, pause) = match next {
            Next::Done(event) => (Some(event), None),
            Next::Again(event, pause) => (Some(event), Some(pause)),
            Next::Wait(pause) => (None, Some(pause)),
            Next::Stopping => (None, Some(Duration::ZERO)),
        };
        if let Some(event) = &event {
            self.carrier.ledger.record(&request, event).await;
        }
        drop(writing);
        job.past = Some(past);
        match pause {
            None => job.end(&request).await,
            Some(pause) => self.put_back(job, request, pause).await,
        }
    }

    /// What the ledger says of a message; `None` when the process stops before it has answered.
    async fn past_of(&self, job: &Job, request: &Request) -> Option<Known> {
        match job.past {
            Some(past) => Some(Known::Tried(past)),
            None => self.carrier.stop.run_until_cancelled(known_of(&self.reader, request)).await,
        }
    }

    /// One attempt, out of the way of others when it takes long.
    async fn attempt_in(&self, slot: &mut Slot, request: &Request, past: &mut Past) -> Next {
        let mut attempt = std::pin::pin!(self.attempt_safely(request, past));
        if let Ok(next) = tokio::time::timeout(LONG, &mut attempt).await {
            return next;
        }
        slot.stand_aside();
        attempt.await
    }

    /// One message that goes wrong in an unforeseen way must not take the others with it.
    async fn attempt_safely(&self, request: &Request, past: &mut Past) -> Next {
        if self.carrier.stop.is_cancelled() {
            return Next::Stopping;
        }
        let before = past.attempts;
        if let Ok(next) = AssertUnwindSafe(self.carrier.attempt(request, past)).catch_unwind().await {
            return next;
        }
        tracing::error!(message = %request.asked.message, "carrying a message panicked");
        Next::Done(DeliveryEvent::Dead { attempt: before, cause: "internal_error".to_owned(), provider: None })
    }

    /// Until its next attempt a message waits with the others. At its last call it is taken out, whatever the pause.
    async fn put_back(&self, mut job: Job, request: Request, pause: Duration) {
        let (channel, item) = (request.asked.channel, self.item(&request));
        // A claim is to a whole message; the log keeps what is beyond a share.
        if job.held.is_some() || self.yard.keeps_whole(channel, &item) {
            job.whole = Some(Box::new(request));
        }
        if let Some(job) = self.yard.push(channel, &item, pause, job) {
            job.leave(pause).await;
        }
    }
}

/// A part of the trace of whoever asked for the message.
fn span(request: &Request) -> Span {
    let (message, channel) = (&request.asked.message, request.asked.channel.name());
    let span = tracing::info_span!(parent: None, "delivery", %message, channel);
    if let Some(trace) = &request.trace {
        continue_trace(&span, trace);
    }
    span
}
