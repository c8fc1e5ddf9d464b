//! The queue of messages to deliver: one durable consumer a channel, shared by all workers.
//!
//! ```text
//! stream ──> consumer ──> lane: question, heartbeats ──> hall <── next()
//!                └─ watch: is it there, does anything come? ─┘
//! ```
//!
//! - Nothing is fetched that nobody has asked for, so what one worker has no room for stays there for the others.
//! - A question to the server is given up, and asked anew, when its heartbeats stop, when the connection is lost, when
//!   the server ends it, and when messages wait for some time without one coming. A consumer that is gone is made anew.
//! - A message that cannot be read is counted, logged and left for ten minutes: a newer version may read it. It is
//!   never acknowledged.
//! - Whoever says that a request is done does not wait for the server to say so too: it would write it down only a moment
//!   later anyway. When that is lost, with the connection or the server, the request comes again when its claim has run
//!   out, and its ledger says that it is over. So a busy queue costs the server little more than two messages for each
//!   request: the request, and that it is done. Questions are few, since whoever asks meanwhile is asked for together.

mod claim;
mod config;
mod consumer;
mod hall;
mod lane;
mod numbers;
mod read;
mod watch;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use twofold_domain::Channel;
use twofold_event_log::{BoxFuture, Claimed, ReadError, WorkQueue};

pub use config::{CLAIM_LASTS, MAX_CLAIMED, deliver_consumer_config};
pub use numbers::QueueStatus;

use crate::Broker;
use consumer::Consumer;
use hall::{Hall, KEPT_FOR};
use lane::Lane;
use numbers::Numbers;

/// The queue of one channel or of several. Dropping it stops fetching; what it had not handed out comes again.
pub struct JetStreamQueue {
    hall: Arc<Hall>,
    numbers: Arc<Numbers>,
    claim_lasts: Duration,
    _fetching: AbortOnDropHandle<()>,
}

impl fmt::Debug for JetStreamQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamQueue").field("channels", &self.numbers.all()).finish_non_exhaustive()
    }
}

impl JetStreamQueue {
    /// Opens the queue of some channels, whose consumers are there already: one that is not is made, and an error
    /// logged. Must be called within a tokio runtime, in which the fetching then lives.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] when the broker or the stream is away.
    pub async fn open(broker: &Broker, channels: &BTreeSet<Channel>) -> Result<Self, ReadError> {
        let hall = Arc::new(Hall::new());
        let numbers = Arc::new(Numbers::new(channels.iter().copied()));
        let mut claim_lasts = CLAIM_LASTS;
        let mut lanes = Vec::new();
        for (index, channel) in channels.iter().enumerate() {
            let consumer = Consumer { broker: broker.clone(), channel: *channel };
            let info = consumer.ensure().await?;
            numbers.looked(index, &info, false);
            claim_lasts = claim_lasts.min(info.config.ack_wait);
            let (hall, numbers) = (Arc::clone(&hall), Arc::clone(&numbers));
            lanes.push(Lane { index, consumer, hall, numbers, anew: sync::watch::Sender::new(()) });
        }
        let fetching = AbortOnDropHandle::new(tokio::spawn(fetch(lanes, Arc::clone(&hall))));
        Ok(Self { hall, numbers, claim_lasts, _fetching: fetching })
    }

    /// The consumers as they were within the last seconds.
    pub fn status(&self) -> Vec<QueueStatus> {
        self.numbers.all()
    }
}

impl WorkQueue for JetStreamQueue {
    fn next(&self) -> BoxFuture<'_, Result<Claimed, ReadError>> {
        Box::pin(self.hall.ask())
    }

    fn claim_lasts(&self) -> Duration {
        self.claim_lasts
    }
}

async fn fetch(lanes: Vec<Lane>, hall: Arc<Hall>) {
    let lanes = join_all(lanes.iter().map(async |lane| tokio::join!(lane.run(), watch::watch(lane))));
    tokio::join!(lanes, tidy(&hall));
}

/// Gives back what came for somebody who does not ask any more.
async fn tidy(hall: &Hall) {
    loop {
        sleep(KEPT_FOR).await;
        join_all(hall.stale().iter().map(|claimed| claimed.claim.give_back(Duration::ZERO))).await;
    }
}
