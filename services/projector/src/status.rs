//! How it goes, for readiness and metrics.

use twofold_event_log::{ReadError, Seq};
use twofold_read_model::ProjectError;

/// Why the projector stopped for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// A commit cannot be projected by this build.
    Project(ProjectError),
    /// The log is damaged.
    Log(ReadError),
}

impl std::fmt::Display for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Project(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Halt {}

/// How it goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectorStatus {
    /// Projected up to here.
    pub position: Seq,
    /// The log's head as this process knows it.
    pub head: Seq,
    /// Failures of log or store in a row.
    pub failures: u32,
    /// The failures are more than are tolerated.
    pub failing: bool,
    /// This process projects; otherwise it stands by, or has stopped.
    pub active: bool,
    /// Stopped for good, and why.
    pub halted: Option<Halt>,
}

impl ProjectorStatus {
    /// Commits not yet projected.
    pub const fn lag(&self) -> u64 {
        self.head.0.saturating_sub(self.position.0)
    }

    /// Whether it works, however far behind it is.
    pub const fn is_healthy(&self) -> bool {
        self.halted.is_none() && !self.failing
    }
}
