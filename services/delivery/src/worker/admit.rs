//! Taking messages up, as many as fit.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};
use twofold_domain::Channel;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_telemetry::continue_trace;

use super::carry::{Carrier, End};
use super::claimed::Held;
use super::past::Past;
use super::reader::Reader;
use super::request::Request;

/// The door between the log or the queue and the messages being carried.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) carrier: Arc<Carrier>,
    pub(super) reader: Arc<Reader>,
    pub(super) channels: BTreeSet<Channel>,
    pub(super) open: Arc<Semaphore>,
    pub(super) tasks: TaskTracker,
    /// Everything ends when this is cancelled, attempts under way included.
    pub(super) hard_stop: CancellationToken,
}

/// Where a message came from.
pub(super) enum Origin {
    /// The log, with what was tried before.
    Log(Past),
    /// The queue, with the claim on it.
    Queue(Held),
}

impl Admission {
    /// Whether a message of the log is this worker's.
    pub(super) fn wants(&self, asked: &DeliveryRequested) -> bool {
        self.channels.contains(&asked.channel)
    }

    /// Waits for room for one more message.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        match Arc::clone(&self.open).acquire_owned().await {
            Ok(room) => room,
            // Nobody closes it.
            Err(_) => std::future::pending().await,
        }
    }

    /// Takes a message up.
    pub(super) fn admit(&self, room: OwnedSemaphorePermit, request: Request, origin: Origin) {
        let (carrier, reader) = (Arc::clone(&self.carrier), Arc::clone(&self.reader));
        let Some(counted) = carrier.status.opened(request.at, &request.asked.message) else {
            // Its claim ran out while it was being carried here; whoever carries it will say what became of it.
            tracing::info!(message = %request.asked.message, "a message came again while it is being carried");
            return;
        };
        let span = span(&request);
        let task = async move {
            let (_room, _counted) = (room, counted);
            match origin {
                Origin::Log(past) => drop(carry_safely(&carrier, &request, past).await),
                Origin::Queue(held) => held.carry(&carrier, &reader, &request).await,
            }
        };
        self.tasks.spawn(self.hard_stop.clone().run_until_cancelled_owned(task.instrument(span)));
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

/// One message that goes wrong in an unforeseen way must not take the others with it.
pub(super) async fn carry_safely(carrier: &Carrier, request: &Request, past: Past) -> End {
    if let Ok(end) = AssertUnwindSafe(carrier.carry(request, past)).catch_unwind().await {
        return end;
    }
    tracing::error!(message = %request.asked.message, "carrying a message panicked");
    let event = DeliveryEvent::Dead { attempt: past.attempts, cause: "internal_error".to_owned() };
    carrier.ledger.record(request, &event).await;
    End::Recorded
}
