//! Positions.

use serde::{Deserialize, Serialize};

/// A position in the whole log. The first commit has 1; 0 is "before everything", for reading from the start.
///
/// Positions grow by one with each commit of a log, whatever its subject. They are the only order there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first commit.
    pub const ZERO: Self = Self(0);
    /// After every commit there will ever be: the start of a read backwards.
    pub const MAX: Self = Self(u64::MAX);

    /// The position `count` later; stops at [`Seq::MAX`].
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
