//! How fresh this process's knowledge of tenants and keys is.

use std::time::Duration;

use tokio::time::Instant;
use twofold_event_log::Seq;

/// A directory that has not looked for so long does not know whether a key was revoked since.
const STALE_AFTER: Duration = Duration::from_secs(10);

/// How fresh the directory is. While [`crate::follow`] runs and the log answers, never older than about half a second.
#[derive(Debug, Clone, Copy, Default)]
pub struct DirectoryStatus {
    /// The last position of the configuration that it knows.
    pub reached: Seq,
    /// When the log last answered; none: never yet.
    pub last_look: Option<Instant>,
    /// Whether the latest look failed.
    pub failing: bool,
}

impl DirectoryStatus {
    /// How old the knowledge is; none: there is none yet.
    pub fn age(&self) -> Option<Duration> {
        self.last_look.map(|at| at.elapsed())
    }

    /// Whether it is too old to answer from: nothing was read yet, or nothing for 10 seconds. A key revoked on another
    /// node could still look alive here.
    pub fn is_stale(&self) -> bool {
        self.age().is_none_or(|age| age > STALE_AFTER)
    }
}
