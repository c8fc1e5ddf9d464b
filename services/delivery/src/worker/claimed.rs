//! Messages of a queue: asked for while there is room, claimed until their end.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use twofold_event_log::{Claim, EventLog, WorkQueue};

use super::admit::{Admission, Origin, carry_safely};
use super::backoff::short_pause;
use super::carry::{Carrier, End};
use super::past::{Known, known_of};
use super::reader::Reader;
use super::request::Request;

/// How many ask the queue at once: one would wait for the way to the server and back with every message.
const ASKING: usize = 8;
/// A claim is extended so often within its time that two extensions may be lost.
const EXTENSIONS: u32 = 3;
/// A message this version cannot read is left for this long, for a newer one.
const UNREADABLE_FOR: Duration = Duration::from_mins(10);

/// Admits what the queue hands out; never ends.
pub(super) async fn take(admission: &Admission, queue: &dyn WorkQueue) {
    admission.reader.status.set_recovered();
    join_all((0..ASKING).map(|_| ask(admission, queue))).await;
}

async fn ask(admission: &Admission, queue: &dyn WorkQueue) {
    let reader = &*admission.reader;
    let mut failed = 0;
    loop {
        // Room first: what there is none for belongs to other workers.
        let room = admission.room().await;
        let claimed = match queue.next().await {
            Ok(claimed) => claimed,
            Err(error) => {
                failed += 1;
                reader.status.set_log_reachable(false);
                tracing::warn!(%error, failed, "the queue of deliveries cannot be asked");
                drop(room);
                tokio::time::sleep(short_pause(failed, &*reader.rng)).await;
                reader.patiently(EventLog::head).await;
                continue;
            }
        };
        failed = 0;
        let held = Held { claim: claimed.claim, lasts: queue.claim_lasts() };
        match reader.request(&claimed.stored) {
            Some(request) => admission.admit(room, request, Origin::Queue(held)),
            None => held.claim.give_back(UNREADABLE_FOR).await,
        }
    }
}

/// The claim on a message.
pub(super) struct Held {
    claim: Box<dyn Claim>,
    lasts: Duration,
}

impl Held {
    /// Carries the message on from where the ledger says it is, and says what became of it.
    pub(super) async fn carry(&self, carrier: &Carrier, reader: &Reader, request: &Request) {
        let work = async {
            match carrier.stop.run_until_cancelled(known_of(reader, request)).await {
                None => End::Left { due: Duration::ZERO },
                // Sent by another worker, whose last word to the queue was lost.
                Some(Known::Ended) => End::Recorded,
                Some(Known::Tried(past)) => carry_safely(carrier, request, past).await,
            }
        };
        let end = tokio::select! {
            end = work => end,
            never = self.extend() => match never {},
        };
        match end {
            End::Left { due } => self.claim.give_back(due).await,
            End::Recorded => {
                if let Err(error) = self.claim.done().await {
                    tracing::info!(message = %request.asked.message, %error, "a message will come again, and be found at its end");
                }
            }
        }
    }

    async fn extend(&self) -> Infallible {
        loop {
            tokio::time::sleep(self.lasts / EXTENSIONS).await;
            self.claim.extend().await;
        }
    }
}
