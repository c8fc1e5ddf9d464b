//! Numbers that no tenant may change: they are what makes guessing hopeless.

/// Wrong codes in a row, per factor, before each temporary lock (C1).
pub const FAILURES_PER_LOCK: u32 = 5;
/// Seconds of the first lock; each further one doubles.
pub const FIRST_LOCK_SECS: u64 = 30;
/// Longest temporary lock, in seconds.
pub const LONGEST_LOCK_SECS: u64 = 3600;
/// Wrong codes in a row, per factor, after which only an administrator or support can unlock (C1: at most 100).
pub const HARD_STOP_FAILURES: u32 = 50;
/// Challenges remembered per user; opening one more forgets the oldest (C26).
pub const MAX_CHALLENGES: usize = 8;
/// Receipts of idempotent requests remembered per user (C26).
pub const MAX_RECEIPTS: usize = 8;
/// Seconds a vouched instant may lie in the future: clocks of panel and server differ a little.
pub const CLOCK_TOLERANCE_SECS: u64 = 30;
/// Codes sent to what is over (a closed or expired challenge) that are recorded, until a new challenge or set-up begins:
/// enough for support to see what happened, too few to fill the log (C26).
pub const MAX_LATE_RECORDED: u8 = 8;
