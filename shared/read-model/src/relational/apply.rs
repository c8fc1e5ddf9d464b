//! One batch in one transaction.

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use twofold_event_log::{Seq, Stored};

use super::error::unavailable;
use super::{load, save};
use crate::projection::{WorkingSet, fold_commit};
use crate::{ProjectError, StoreError};

/// Commits folded before other tasks get their turn: a fraction of a millisecond.
const COMMITS_PER_TURN: usize = 64;

/// Projects what of the batch lies beyond the checkpoint; answers the checkpoint afterwards.
pub(super) async fn batch(connection: &mut SqliteConnection, batch: &[Stored]) -> Result<Seq, ProjectError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
    let checkpoint = save::checkpoint(&mut transaction).await?;
    let fresh = &batch[batch.partition_point(|commit| commit.seq <= checkpoint)..];
    let Some(last) = fresh.last() else { return Ok(checkpoint) };
    ensure_contiguous(checkpoint, fresh)?;
    let mut set = load::working_set(&mut transaction, fresh).await?;
    fold(&mut set, fresh).await?;
    save::working_set(&mut transaction, &set).await?;
    save::set_checkpoint(&mut transaction, last.seq).await?;
    transaction.commit().await.map_err(unavailable)?;
    Ok(last.seq)
}

/// Empties every table in one transaction.
pub(super) async fn clear(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)?;
    for text in crate::sql::CLEAR {
        sqlx::query(text).execute(&mut *transaction).await.map_err(unavailable)?;
    }
    transaction.commit().await.map_err(unavailable)
}

/// Skipping is the one thing a projection must never do.
fn ensure_contiguous(checkpoint: Seq, commits: &[Stored]) -> Result<(), ProjectError> {
    let mut expected = checkpoint.plus(1);
    for commit in commits {
        if commit.seq != expected {
            return Err(ProjectError::Gap { expected, found: commit.seq });
        }
        expected = expected.plus(1);
    }
    Ok(())
}

async fn fold(set: &mut WorkingSet, commits: &[Stored]) -> Result<(), ProjectError> {
    for turn in commits.chunks(COMMITS_PER_TURN) {
        for commit in turn {
            fold_commit(set, commit)?;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
