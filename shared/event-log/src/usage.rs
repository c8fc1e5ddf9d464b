//! The port of usage: how often something was counted in a stretch of time, over all nodes.

use std::fmt::Debug;

use twofold_domain::Timestamp;
pub use twofold_domain::sending::Window;

use crate::BoxFuture;

/// Bytes of a counter's name. With the window's token it stays well below what a subject may have.
pub const MAX_COUNTER_BYTES: usize = 120;
/// Counters of one call.
pub const MAX_COUNTERS: usize = 16;

/// What is counted, and in which stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counter {
    name: String,
    window: Window,
}

impl Counter {
    /// A counter.
    ///
    /// # Errors
    /// [`UsageError::Invalid`] unless the name is made of dot-separated tokens of `[a-z0-9_-]` and has at most
    /// [`MAX_COUNTER_BYTES`] bytes: it becomes part of a subject.
    pub fn new(name: impl Into<String>, window: Window) -> Result<Self, UsageError> {
        let name = name.into();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let well_formed = name.split('.').all(|token| !token.is_empty() && token.bytes().all(plain));
        if well_formed && name.len() <= MAX_COUNTER_BYTES {
            Ok(Self { name, window })
        } else {
            Err(UsageError::Invalid(name.len()))
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its stretch of time.
    pub const fn window(&self) -> Window {
        self.window
    }

    /// What its total is kept under: the name and, as the last token, the window.
    pub fn key(&self) -> String {
        format!("{}.{}", self.name, self.window.token())
    }
}

/// Why nothing was counted, or nobody knows. Internal text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// A name of so many bytes is none, or there are too many counters: a mistake of the caller's.
    #[error("no counter, or too many: {0}")]
    Invalid(usize),
    /// The store does not answer. It may have counted all the same, in some of the counters or in all.
    #[error("usage is unavailable: {0}")]
    Unavailable(String),
}

/// Totals that all nodes share. A total belongs to its window and is forgotten some time after that, never before.
///
/// Answers need not survive a power cut, and need not wait for the disk: a lost count lets one message more go out. Nothing
/// about who may log in depends on them.
pub trait UsageStore: Send + Sync + Debug {
    /// Counts in every counter and answers the totals after it, in the order of the counters. No two calls are answered the
    /// same total of one counter. A counter that is named twice is counted twice.
    ///
    /// # Errors
    /// [`UsageError`]
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>>;

    /// The totals, in the order of the counters; 0 where nothing was counted. May be behind by what others are counting
    /// just now.
    ///
    /// # Errors
    /// [`UsageError`]
    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>>;
}

/// For adapters: refuses what is more than one call may have.
///
/// # Errors
/// [`UsageError::Invalid`] for more than [`MAX_COUNTERS`].
pub fn check_counters(counters: &[Counter]) -> Result<(), UsageError> {
    if counters.len() > MAX_COUNTERS { Err(UsageError::Invalid(counters.len())) } else { Ok(()) }
}

/// For adapters without a clock: the latest beginning of a window among the counters. Whatever ended a day before it is of
/// no use to anybody any more.
pub(crate) fn latest_start(counters: &[Counter]) -> Option<Timestamp> {
    counters.iter().map(|counter| counter.window.starts_at()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_part_of_a_subject_and_never_a_pattern() {
        let window = Window::Hour(7);
        let counter = Counter::new("user.tn1.us-2_3", window).expect("a counter");
        assert_eq!((counter.name(), counter.window()), ("user.tn1.us-2_3", window));
        assert_eq!(counter.key(), "user.tn1.us-2_3.h7");
        assert!(Counter::new("a".repeat(MAX_COUNTER_BYTES), window).is_ok());
        for bad in ["", ".", "a.", ".a", "a..b", "*", "a.>", "A", "a b", "a\n", "ü", &"a".repeat(MAX_COUNTER_BYTES + 1)]
        {
            assert_eq!(Counter::new(bad, window), Err(UsageError::Invalid(bad.len())), "{bad:?}");
        }
    }
}
