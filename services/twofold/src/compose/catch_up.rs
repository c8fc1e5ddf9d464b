//! Bringing a read model up to the log, for commands that run without a server.

use twofold_event_log::{EventLog, MAX_READ_COMMITS, Seq};
use twofold_read_model::{ProjectError, ReadStore};

use crate::failure::{Context as _, Failure};

/// Projects up to a position. A server that projects the same file at the same time only helps.
pub async fn catch_up(log: &dyn EventLog, store: &dyn ReadStore, until: Seq) -> Result<(), Failure> {
    let mut position = store.checkpoint().await.context("the read model")?;
    if position > until && is_ahead(log, store).await? {
        return Err(Failure::new(
            "the read model is ahead of the log, so it belongs to another one; run `twofold rebuild`",
        ));
    }
    while position < until {
        let batch = log.read_all(position, MAX_READ_COMMITS).await.context("the log cannot be read")?;
        if batch.is_empty() {
            return Err(Failure::new(format!(
                "the log ends at position {position}, before its own head; run `twofold verify-log`"
            )));
        }
        position = match store.apply(&batch).await {
            Ok(position) => position,
            Err(ProjectError::Gap { .. }) => store.checkpoint().await.context("the read model")?,
            Err(error) => {
                return Err(Failure::new(format!("the log cannot be projected: {error}; run `twofold verify-log`")));
            }
        };
    }
    Ok(())
}

/// Whether the read model has seen more than the log holds: the log is an older one, put back from a backup.
pub async fn is_ahead(log: &dyn EventLog, store: &dyn ReadStore) -> Result<bool, Failure> {
    // In this order: both may move on meanwhile, the log first.
    let position = store.checkpoint().await.context("the read model")?;
    let head = log.head().await.context("the log cannot be read")?;
    Ok(position > head)
}
