//! Where messages from the server and those who ask for one meet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use twofold_event_log::{Claimed, ReadError};

/// Messages wait here without anybody asking for this long; then they are given back, for another worker to have.
pub(super) const KEPT_FOR: Duration = Duration::from_millis(250);

/// The meeting place of all channels of a queue. What comes first is handed out first, so neither channel waits for
/// the other.
#[derive(Debug)]
pub(super) struct Hall {
    here: Mutex<VecDeque<Here>>,
    came: Notify,
    /// How many ask now.
    asking: watch::Sender<usize>,
    failed: watch::Sender<Failed>,
}

#[derive(Debug)]
struct Here {
    lane: usize,
    since: Instant,
    claimed: Claimed,
}

/// What went wrong last. Internal text.
#[derive(Debug, Default)]
struct Failed {
    times: u64,
    reason: String,
}

/// Asks as long as it lives.
struct Asking<'a>(&'a Hall);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.asking.send_modify(|asking| *asking -= 1);
    }
}

impl Hall {
    pub fn new() -> Self {
        Self {
            here: Mutex::default(),
            came: Notify::new(),
            asking: watch::Sender::new(0),
            failed: watch::Sender::new(Failed::default()),
        }
    }

    /// Waits for a message. Dropping the future leaves the messages where they are.
    pub async fn ask(&self) -> Result<Claimed, ReadError> {
        let mut failed = self.failed.subscribe();
        failed.borrow_and_update();
        self.asking.send_modify(|asking| *asking += 1);
        let _asking = Asking(self);
        loop {
            let came = self.came.notified();
            if let Some(claimed) = self.take() {
                return Ok(claimed);
            }
            tokio::select! {
                () = came => {}
                // The sender lives as long as we do.
                _ = failed.changed() => return Err(ReadError::Unavailable(failed.borrow().reason.clone())),
            }
        }
    }

    fn take(&self) -> Option<Claimed> {
        let mut here = self.here();
        let taken = here.pop_front();
        // Two that came at once may have woken one only.
        if !here.is_empty() {
            self.came.notify_one();
        }
        taken.map(|here| here.claimed)
    }

    /// Waits until somebody asks and nothing of this lane waits here; answers how many ask.
    pub async fn wanted(&self, lane: usize) -> usize {
        let mut asking = self.asking.subscribe();
        loop {
            let asked = *asking.borrow_and_update();
            if asked > 0 && !self.here().iter().any(|here| here.lane == lane) {
                return asked;
            }
            // What waits here is taken by those who ask, or given back before long.
            let _ = tokio::time::timeout(KEPT_FOR, asking.changed()).await;
        }
    }

    /// Whether anybody asks.
    pub fn is_asked(&self) -> bool {
        *self.asking.borrow() > 0
    }

    pub fn bring(&self, lane: usize, claimed: Claimed) {
        self.here().push_back(Here { lane, since: Instant::now(), claimed });
        self.came.notify_one();
    }

    /// Tells all who ask that it may take longer.
    pub fn fail(&self, reason: String) {
        self.failed.send_modify(|failed| *failed = Failed { times: failed.times + 1, reason });
    }

    /// Takes out what has waited too long.
    pub fn stale(&self) -> Vec<Claimed> {
        let mut here = self.here();
        let kept = here.iter().take_while(|here| here.since.elapsed() >= KEPT_FOR).count();
        here.drain(..kept).map(|here| here.claimed).collect()
    }

    fn here(&self) -> MutexGuard<'_, VecDeque<Here>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
