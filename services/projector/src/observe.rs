//! Looking over the projector's shoulder.

use twofold_event_log::Stored;

/// Sees what is projected, so that nobody else has to read the whole log for it.
pub trait PageObserver: Send + Sync + std::fmt::Debug {
    /// Commits in the log's order, each after it was projected. Of all processes only the one that projects sees them, and
    /// one that takes over goes on where the other stopped. Must not take long: the next page waits.
    fn seen(&self, page: &[Stored]);
}
