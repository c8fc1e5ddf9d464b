//! What became of snapshots, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SnapshotCounts {
    /// Genuine ones that a load began with.
    pub read: u64,
    /// Loads that found none.
    pub absent: u64,
    /// Of another version, not ours, damaged, or of a commit that the log does not hold.
    pub refused: u64,
    /// Loads that the store did not answer in time.
    pub unavailable: u64,
    /// Handed to the store and taken.
    pub written: u64,
    /// Handed to the store and not taken.
    pub failed: u64,
    /// Not handed over because too many waited.
    pub dropped: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Count {
    Read,
    Absent,
    Refused,
    Unavailable,
    Written,
    Failed,
    Dropped,
}

#[derive(Debug, Default)]
pub(super) struct Counts([AtomicU64; 7]);

impl Counts {
    pub fn add(&self, count: Count) {
        self.0[count as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub fn now(&self) -> SnapshotCounts {
        let of = |count: Count| self.0[count as usize].load(Ordering::Relaxed);
        SnapshotCounts {
            read: of(Count::Read),
            absent: of(Count::Absent),
            refused: of(Count::Refused),
            unavailable: of(Count::Unavailable),
            written: of(Count::Written),
            failed: of(Count::Failed),
            dropped: of(Count::Dropped),
        }
    }
}
