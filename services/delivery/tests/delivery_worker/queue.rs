//! A queue in memory over the log's requests, with the rules of the real one and faults on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;
use twofold_event_log::{BoxFuture, Category, Claim, Claimed, EventLog, ReadError, Seq, Stored, WorkQueue};

/// Clones share one queue.
#[derive(Debug, Clone)]
pub struct MemoryQueue {
    log: Arc<dyn EventLog>,
    lasts: Duration,
    /// Given to every request as its trace.
    pub trace: Option<Arc<str>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
pub struct State {
    read: Seq,
    open: BTreeMap<Seq, Entry>,
    /// The same, by the time at which they are free.
    free: BTreeSet<(Instant, Seq)>,
    /// `next` fails as long as this is set.
    pub away: bool,
    /// How often it did.
    pub refused: u32,
    /// So many next `done`s are lost on their way.
    pub lose_done: u32,
    /// Calls so far.
    pub extended: u32,
    /// Pauses asked for, in order.
    pub given_back: Vec<Duration>,
    /// Hand-outs so far.
    pub handed_out: u32,
}

#[derive(Debug)]
struct Entry {
    stored: Stored,
    times: u64,
    free_at: Instant,
}

#[derive(Debug)]
struct MemoryClaim {
    queue: MemoryQueue,
    seq: Seq,
}

impl State {
    fn free_at(&mut self, seq: Seq, at: Instant) {
        let Some(entry) = self.open.get_mut(&seq) else { return };
        self.free.remove(&(entry.free_at, seq));
        entry.free_at = at;
        self.free.insert((at, seq));
    }

    fn remove(&mut self, seq: Seq) {
        if let Some(entry) = self.open.remove(&seq) {
            self.free.remove(&(entry.free_at, seq));
        }
    }
}

impl MemoryQueue {
    pub fn new(log: &Arc<dyn EventLog>, lasts: Duration) -> Arc<Self> {
        Arc::new(Self { log: Arc::clone(log), lasts, trace: None, state: Arc::default() })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    /// Requests that are not done.
    pub fn open(&self) -> usize {
        self.state().open.len()
    }

    /// Lets every claim run out.
    pub fn run_out(&self) {
        let mut state = self.state();
        let all: Vec<Seq> = state.open.keys().copied().collect();
        for seq in all {
            state.free_at(seq, Instant::now());
        }
    }

    async fn wait(&self) -> Result<Claimed, ReadError> {
        loop {
            let after = self.state().read;
            for mut stored in self.log.read_category(Category::Delivery, after, 100).await? {
                stored.trace.clone_from(&self.trace);
                let mut state = self.state();
                state.read = state.read.max(stored.seq);
                let fresh = Entry { times: 0, free_at: Instant::now(), stored };
                state.free.insert((fresh.free_at, fresh.stored.seq));
                state.open.entry(fresh.stored.seq).or_insert(fresh);
            }
            if self.state().away {
                self.state().refused += 1;
                return Err(ReadError::Unavailable("fault injected".to_owned()));
            }
            if let Some(claimed) = self.take() {
                return Ok(claimed);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn take(&self) -> Option<Claimed> {
        let mut state = self.state();
        let now = Instant::now();
        let (_, seq) = *state.free.first().filter(|(free_at, _)| *free_at <= now)?;
        state.free_at(seq, now + self.lasts);
        let entry = state.open.get_mut(&seq)?;
        entry.times += 1;
        let claim = Box::new(MemoryClaim { queue: self.clone(), seq });
        let claimed = Claimed { stored: entry.stored.clone(), times: entry.times, claim };
        state.handed_out += 1;
        Some(claimed)
    }
}

impl WorkQueue for MemoryQueue {
    fn next(&self) -> BoxFuture<'_, Result<Claimed, ReadError>> {
        Box::pin(self.wait())
    }

    fn claim_lasts(&self) -> Duration {
        self.lasts
    }
}

impl MemoryClaim {
    fn free_in(&self, after: Duration) {
        self.queue.state().free_at(self.seq, Instant::now() + after);
    }
}

impl Claim for MemoryClaim {
    fn extend(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.free_in(self.queue.lasts);
            self.queue.state().extended += 1;
        })
    }

    fn done(&self) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(async {
            let mut state = self.queue.state();
            if state.lose_done > 0 {
                state.lose_done -= 1;
                return Err(ReadError::Unavailable("fault injected".to_owned()));
            }
            state.remove(self.seq);
            Ok(())
        })
    }

    fn give_back(&self, after: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.free_in(after);
            self.queue.state().given_back.push(after);
        })
    }
}
