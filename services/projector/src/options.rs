//! Settings.

use std::time::Duration;

use twofold_event_log::MAX_READ_COMMITS;

/// How the projector works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectorOptions {
    /// Commits projected in one transaction at most. 1,000.
    pub batch: usize,
    /// How long to let more come in when fewer than a batch wait. 20 ms, which is also about how long a read after a
    /// write has to wait.
    pub gather: Duration,
    /// Commits that wait after that when the log is busy. 100, which is 5,000 a second.
    pub busy: usize,
    /// How long a busy log is left to itself once more: rows and pages that several of its commits touch are then written
    /// once, and requests have the processor meanwhile. 40 ms.
    pub gather_busy: Duration,
    /// First pause after a failure of log or store; each further one doubles. 50 ms.
    pub first_pause: Duration,
    /// Longest pause. 5 s.
    pub longest_pause: Duration,
    /// Failures in a row after which the status is unhealthy. The projector goes on trying: an outage of storage is
    /// over some time, and nobody should have to restart it. 5.
    pub tolerated_failures: u32,
    /// How often the log is looked at although nothing was announced. 1 s.
    pub idle: Duration,
}

impl Default for ProjectorOptions {
    fn default() -> Self {
        Self {
            batch: MAX_READ_COMMITS,
            gather: Duration::from_millis(20),
            busy: 100,
            gather_busy: Duration::from_millis(40),
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(5),
            tolerated_failures: 5,
            idle: Duration::from_secs(1),
        }
    }
}

impl ProjectorOptions {
    /// The pause after a number of failures in a row.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let options = ProjectorOptions::default();
        let millis: Vec<_> = [1, 2, 3, 8, 1_000].map(|failures| options.pause(failures).as_millis()).into();
        assert_eq!(millis, [50, 100, 200, 5_000, 5_000]);
    }
}
