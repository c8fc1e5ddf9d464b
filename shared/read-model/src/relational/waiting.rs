//! Waiting for a position that somebody else projects, perhaps in another process.

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout_at};
use twofold_event_log::Seq;

use super::Backend;
use super::query;

/// How often the store is asked while anybody waits.
const ASK_INTERVAL: Duration = Duration::from_millis(10);

/// Those who wait. However many they are, one of them asks the store and tells the others; when nobody waits, nobody
/// asks. It needs no connection of its own, so a database that restarts is noticed by the next question only.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Whoever holds it asks.
    asking: Mutex<()>,
    /// The checkpoint as last seen.
    seen: watch::Sender<Seq>,
    /// Whether what was seen once stays true: not with a server that another one may replace, whose copy is behind.
    lasting: bool,
}

impl Waiting {
    pub fn new(seen: Seq, lasting: bool) -> Self {
        Self { asking: Mutex::new(()), seen: watch::Sender::new(seen), lasting }
    }

    /// The checkpoint was seen here.
    pub fn tell(&self, seq: Seq) {
        self.seen.send_replace(seq);
    }

    /// Whether the position was reached in time.
    pub async fn wait<B: Backend>(&self, backend: &B, min_position: Seq, timeout: Duration) -> bool {
        let mut seen = self.seen.subscribe();
        if min_position == Seq::ZERO || (self.lasting && *seen.borrow_and_update() >= min_position) {
            return true;
        }
        let deadline = Instant::now() + timeout;
        tokio::select! {
            biased;
            told = told(&mut seen, min_position) => told,
            asked = timeout_at(deadline, self.ask(backend, min_position)) => asked.is_ok(),
        }
    }

    /// Asks as soon as nobody else does, until the position is there.
    async fn ask<B: Backend>(&self, backend: &B, min_position: Seq) {
        let _asking = self.asking.lock().await;
        loop {
            let next = Instant::now() + ASK_INTERVAL;
            // A store that does not answer may answer the next question.
            if let Ok(seq) = query::checkpoint(backend).await {
                self.tell(seq);
                if seq >= min_position {
                    return;
                }
            }
            sleep_until(next).await;
        }
    }
}

/// Ends when somebody, from now on, tells of the position.
async fn told(seen: &mut watch::Receiver<Seq>, min_position: Seq) -> bool {
    // The sender lives as long as the store: this fails only with it.
    while seen.changed().await.is_ok() {
        if *seen.borrow_and_update() >= min_position {
            return true;
        }
    }
    false
}
