//! Folding the whole log again.

use twofold_event_log::{EventLog, MAX_READ_COMMITS, Seq};

use crate::store::ReadStore;
use crate::{ProjectError, ReplayError};

/// How far a rebuild or a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Commits folded.
    pub done: u64,
    /// Commits to fold altogether, as known at the start.
    pub total: u64,
}

/// Empties the store and projects the log up to the head it had at the start. While it runs, queries see what is
/// there so far; a live projector of the same store only helps.
///
/// # Errors
/// [`ReplayError`]; the store then holds a true prefix of the log, and a projector can go on from there.
pub async fn rebuild(
    log: &dyn EventLog,
    store: &dyn ReadStore,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Seq, ReplayError> {
    let head = log.head().await?;
    store.clear().await?;
    let mut position = Seq::ZERO;
    while position < head {
        let batch = log.read_all(position, MAX_READ_COMMITS).await?;
        if batch.is_empty() {
            return Err(ReplayError::AheadOfLog { head: position, checkpoint: head });
        }
        position = match store.apply(&batch).await {
            Ok(position) => position,
            // Somebody else emptied it or is behind: go on where the store is.
            Err(ProjectError::Gap { .. }) => restart(store, position).await?,
            Err(other) => return Err(other.into()),
        };
        progress(Progress { done: position.0.min(head.0), total: head.0 });
    }
    Ok(position)
}

async fn restart(store: &dyn ReadStore, position: Seq) -> Result<Seq, ReplayError> {
    let checkpoint = store.checkpoint().await?;
    if checkpoint == position {
        Err(ProjectError::Gap { expected: position.plus(1), found: position.plus(1) }.into())
    } else {
        Ok(checkpoint)
    }
}
