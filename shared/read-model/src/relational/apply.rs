//! One batch in one transaction.

use sqlx::{Connection as _, SqlStr};
use twofold_event_log::wire::Decoded;
use twofold_event_log::{Seq, Stored};

use super::error::unavailable;
use super::{Dialect, load, query, save};
use crate::projection::{WorkingSet, decode_commit, fold_commit};
use crate::{ProjectError, StoreError};

/// Commits decoded or folded before other tasks get their turn: a fraction of a millisecond.
const COMMITS_PER_TURN: usize = 64;

/// Commits after which statements are planned anew, and each batch before there are as many. A plan made for an empty table
/// reads all of it for each batch, and goes on doing so when there are a million rows, until the database next gathers
/// statistics by itself.
const COMMITS_PER_PLAN: u64 = 16_384;

/// Projects what of the batch lies beyond the checkpoint; answers the checkpoint afterwards.
pub(crate) async fn batch<D: Dialect>(connection: &mut D::Connection, batch: &[Stored]) -> Result<Seq, ProjectError> {
    let mut transaction = connection.begin_with(SqlStr::from_static(D::BEGIN_PROJECTING)).await.map_err(unavailable)?;
    let projected = project::<D>(&mut transaction, batch).await;
    // At once in either case: a transaction that waits for the next batch to end it keeps other projectors out.
    let ended = if projected.is_ok() { transaction.commit().await } else { transaction.rollback().await };
    ended.map_err(unavailable)?;
    projected
}

async fn project<D: Dialect>(connection: &mut D::Connection, batch: &[Stored]) -> Result<Seq, ProjectError> {
    let checkpoint = query::read_checkpoint::<D>(connection).await?;
    let fresh = &batch[batch.partition_point(|commit| commit.seq <= checkpoint)..];
    let Some(last) = fresh.last() else { return Ok(checkpoint) };
    ensure_contiguous(checkpoint, fresh)?;
    if let Some(text) = D::FORGET_PLANS.filter(|_| plans_are_old(checkpoint, last.seq)) {
        D::fetch(connection, SqlStr::from_static(text), D::Arguments::default()).await?;
    }
    // Before anything is loaded: a user's event may be about a message, and only the event says so.
    let decoded = decode(fresh).await?;
    let mut set = load::working_set::<D>(connection, fresh, &decoded).await?;
    fold(&mut set, fresh, &decoded).await?;
    save::working_set::<D>(connection, &set).await?;
    save::set_checkpoint::<D>(connection, last.seq).await?;
    Ok(last.seq)
}

/// Whether a batch that begins behind `checkpoint` and ends with `last` is one to plan for.
const fn plans_are_old(checkpoint: Seq, last: Seq) -> bool {
    checkpoint.0 < COMMITS_PER_PLAN || checkpoint.0 / COMMITS_PER_PLAN != last.0 / COMMITS_PER_PLAN
}

/// Empties every table in one transaction.
pub(super) async fn clear<D: Dialect>(connection: &mut D::Connection) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with(SqlStr::from_static(D::BEGIN_PROJECTING)).await.map_err(unavailable)?;
    for text in crate::sql::CLEAR {
        D::fetch(&mut transaction, SqlStr::from_static(text), D::Arguments::default()).await?;
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

async fn decode(commits: &[Stored]) -> Result<Vec<Decoded>, ProjectError> {
    let mut decoded = Vec::with_capacity(commits.len());
    for turn in commits.chunks(COMMITS_PER_TURN) {
        for commit in turn {
            decoded.push(decode_commit(commit)?);
        }
        tokio::task::yield_now().await;
    }
    Ok(decoded)
}

async fn fold(set: &mut WorkingSet, commits: &[Stored], decoded: &[Decoded]) -> Result<(), ProjectError> {
    for turn in commits.iter().zip(decoded).collect::<Vec<_>>().chunks(COMMITS_PER_TURN) {
        for (commit, decoded) in turn {
            fold_commit(set, commit, decoded)?;
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}
