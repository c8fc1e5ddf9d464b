//! Whether what the leader shows would survive a loss of power.
//!
//! A nats-server (2.15.1) that was killed between writing and syncing shows those messages after its restart without
//! having synced them; the next message it acknowledges syncs them with itself. So after a restart a commit that was
//! merely seen counts as stored only when something at its position or behind it was acknowledged to this handle, or when
//! the new server process took it itself, for then it is synced before it is shown. A handle that did not live through the
//! restart cannot know of it: docs/decisions/0013 says what else there is.

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout_at};
use twofold_event_log::Seq;

use super::Stream;
use super::follow::raise;

/// What is known of the server's promises.
#[derive(Debug)]
pub(super) struct Kept {
    /// The last position acknowledged to this handle.
    acknowledged: watch::Sender<Seq>,
    met: Mutex<Met>,
}

/// A server process, and what of the log it may have found on its disk.
#[derive(Debug)]
struct Met {
    process: String,
    found: Seq,
}

impl Kept {
    pub fn new(stream: &Stream) -> Self {
        let met = Met { process: stream.process(), found: Seq::ZERO };
        Self { acknowledged: watch::Sender::new(Seq::ZERO), met: Mutex::new(met) }
    }

    /// The server has acknowledged a message at this position: it and everything before it is synced.
    pub fn acknowledge(&self, seq: Seq) {
        raise(&self.acknowledged, seq);
    }

    /// Waits until it is certain that a commit that was seen at this position is synced, at most until the deadline.
    ///
    /// With several replicas what is shown is on a majority of disks, which one kill does not undo.
    pub async fn certainly(&self, stream: &Stream, seq: Seq, deadline: Instant) -> bool {
        if stream.replicated || *self.acknowledged.borrow() >= seq {
            return true;
        }
        if timeout_at(deadline, self.taken_by_this_process(stream, seq)).await.is_ok_and(|taken| taken) {
            return true;
        }
        let mut acknowledged = self.acknowledged.subscribe();
        timeout_at(deadline, acknowledged.wait_for(|known| *known >= seq)).await.is_ok_and(|known| known.is_ok())
    }

    async fn taken_by_this_process(&self, stream: &Stream, seq: Seq) -> bool {
        let mut met = self.met.lock().await;
        let process = stream.process();
        if met.process != process {
            // The head of now may be higher than the one it started with, which errs on the safe side.
            let Ok(found) = stream.head().await else { return false };
            *met = Met { process, found };
        }
        seq > met.found
    }
}
