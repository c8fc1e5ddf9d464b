//! States kept in memory. A stale one can only cause a conflict and a reload (invariant 1).

use std::sync::Arc;

use quick_cache::sync::Cache;
use tokio::sync::Mutex;
use twofold_event_log::Subject;

use super::load::Loaded;

/// One user's place in the cache; its lock makes commands of one user in one process take turns.
pub(crate) type Slot = Arc<Mutex<Option<Loaded>>>;

#[derive(Debug)]
pub(crate) struct UserCache(Cache<Subject, Slot, quick_cache::UnitWeighter, foldhash::fast::RandomState>);

impl UserCache {
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.max(16);
        Self(Cache::with(
            capacity,
            capacity as u64,
            quick_cache::UnitWeighter,
            foldhash::fast::RandomState::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        ))
    }

    pub(crate) fn slot(&self, subject: &Subject) -> Slot {
        if let Some(slot) = self.0.get(subject) {
            return slot;
        }
        let made = self.0.get_or_insert_with(subject, || Ok::<_, std::convert::Infallible>(Slot::default()));
        made.unwrap_or_default()
    }
}
