//! Everything that was answered, for the verdict.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::account::Fact;
use super::answer::Reply;

/// An event that a client was told of.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged {
    /// Number of the user.
    pub user: usize,
    /// Where the event is.
    pub position: u64,
    /// What it is.
    pub fact: Fact,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// 2xx.
    Success,
    /// Any other answer that is not 503.
    Refused,
    /// 503.
    Unavailable,
    /// No answer.
    Cut,
}

/// Violations kept; a broken system has thousands.
const KEPT: usize = 200;

#[derive(Debug, Default)]
struct Kept {
    endings: Vec<(Duration, Ending)>,
    acknowledged: Vec<Acknowledged>,
    violations: Vec<String>,
    violated: u64,
}

/// Shared by all clients.
#[derive(Debug)]
pub struct Record {
    start: Instant,
    kept: Mutex<Kept>,
}

impl Record {
    /// Nothing yet.
    pub fn new() -> Self {
        Self { start: Instant::now(), kept: Mutex::default() }
    }

    /// Since the beginning of the record.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A request has ended.
    pub fn answer(&self, reply: &Reply) {
        let ending = match reply.says().0 {
            0 => Ending::Cut,
            200..=299 => Ending::Success,
            503 => Ending::Unavailable,
            _ => Ending::Refused,
        };
        self.kept.lock().endings.push((self.now(), ending));
    }

    /// A client was told of an event.
    pub fn acknowledge(&self, acknowledged: Acknowledged) {
        self.kept.lock().acknowledged.push(acknowledged);
    }

    /// Something that must not happen.
    pub fn violation(&self, text: impl std::fmt::Display) {
        let mut kept = self.kept.lock();
        kept.violated += 1;
        if kept.violations.len() < KEPT {
            let at = self.start.elapsed().as_millis();
            kept.violations.push(format!("at {at} ms: {text}"));
        }
    }

    /// What clients were told.
    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        self.kept.lock().acknowledged.clone()
    }

    /// How many violations there were, and the first of them.
    pub fn violations(&self) -> (u64, Vec<String>) {
        let kept = self.kept.lock();
        (kept.violated, kept.violations.clone())
    }

    /// How requests ended between two moments.
    pub fn endings(&self, from: Duration, to: Duration) -> Vec<Ending> {
        let kept = self.kept.lock();
        kept.endings.iter().filter(|(at, _)| (from..=to).contains(at)).map(|(_, ending)| *ending).collect()
    }

    /// The longest time without a success that touches the time between two moments.
    pub fn longest_gap(&self, from: Duration, to: Duration) -> Duration {
        let kept = self.kept.lock();
        let mut longest = Duration::ZERO;
        let mut before = Duration::ZERO;
        let successes = kept.endings.iter().filter(|(_, ending)| *ending == Ending::Success).map(|(at, _)| *at);
        for at in successes.chain([self.now()]) {
            if at >= from && before <= to {
                longest = longest.max(at.saturating_sub(before));
            }
            before = at;
        }
        longest
    }

    /// Successes so far.
    pub fn successes(&self) -> usize {
        self.kept.lock().endings.iter().filter(|(_, ending)| *ending == Ending::Success).count()
    }
}
