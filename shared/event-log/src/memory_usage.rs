//! Usage in memory: for tests and for a single process that may forget; with faults on demand.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use twofold_domain::Timestamp;

use crate::usage::{check_counters, latest_start};
use crate::{BoxFuture, Counter, UsageError, UsageStore};

/// How long a total stays after its window, in seconds.
const KEPT_SECS: i64 = 86_400;
/// Totals after which the old ones are looked for: each time twice as many as stayed the last time.
const LEAST_SWEEP: usize = 1024;

/// The totals in memory. Clones share them, as two nodes on one server would.
#[derive(Debug, Clone, Default)]
pub struct MemoryUsage {
    kept: Arc<Mutex<Kept>>,
    unavailable: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Kept {
    totals: HashMap<Counter, u64>,
    sweep_at: usize,
}

impl Kept {
    fn sweep(&mut self, now: Timestamp) {
        if self.totals.len() >= self.sweep_at.max(LEAST_SWEEP) {
            let old = Timestamp(now.0.saturating_sub(KEPT_SECS * 1000));
            self.totals.retain(|counter, _| counter.window().ends_at() >= old);
            self.sweep_at = self.totals.len().saturating_mul(2);
        }
    }
}

impl MemoryUsage {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every call fail, or work again.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.unavailable.store(unavailable, Ordering::SeqCst);
    }

    /// How many totals it has.
    pub fn len(&self) -> usize {
        self.kept.lock().totals.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check(&self, counters: &[Counter]) -> Result<(), UsageError> {
        if self.unavailable.load(Ordering::SeqCst) {
            return Err(UsageError::Unavailable("fault injected".to_owned()));
        }
        check_counters(counters)
    }
}

impl UsageStore for MemoryUsage {
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            self.check(counters)?;
            let mut kept = self.kept.lock();
            let mut totals = Vec::with_capacity(counters.len());
            for counter in counters {
                let total = kept.totals.entry(counter.clone()).or_default();
                *total = total.saturating_add(u64::from(by));
                totals.push(*total);
            }
            if let Some(now) = latest_start(counters) {
                kept.sweep(now);
            }
            Ok(totals)
        })
    }

    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        Box::pin(async move {
            self.check(counters)?;
            let kept = self.kept.lock();
            Ok(counters.iter().map(|counter| kept.totals.get(counter).copied().unwrap_or(0)).collect())
        })
    }
}
