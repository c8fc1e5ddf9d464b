//! Folding the whole log again, beside the tables in use.

use twofold_event_log::{BoxFuture, EventLog, MAX_READ_COMMITS, Seq, Stored};

use crate::store::ReadStore;
use crate::{ProjectError, ReplayError, StoreError};

/// How far a rebuild or a comparison has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Commits folded.
    pub done: u64,
    /// Commits to fold altogether, as known at the start.
    pub total: u64,
}

/// What a rebuild led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Position of the new tables when they took the place of the old ones.
    pub position: Seq,
    /// Rows that differed between the two at one common position. Not none: the old tables were damaged, or folded by
    /// a version that folds differently. Absent when they were ahead of the log.
    pub differences: Option<u64>,
}

/// New tables beside the live ones, empty at first. Dropping this leaves the live ones as they are; what was folded is
/// thrown away by the next rebuild at the latest.
pub trait Rebuild: Send {
    /// Projects into the new tables, as [`ReadStore::apply`] does into the live ones.
    ///
    /// # Errors
    /// [`ProjectError`]; nothing of the batch was projected.
    fn apply<'a>(&'a mut self, batch: &'a [Stored]) -> BoxFuture<'a, Result<Seq, ProjectError>>;

    /// Does what is cheaper at the end of a long fold than along with it: indexes and statistics.
    fn settle(&mut self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Keeps projectors of the live tables waiting, and answers their checkpoint. Queries go on. Ends with
    /// [`Rebuild::compare`], [`Rebuild::switch`], or when this is dropped.
    fn hold(&mut self) -> BoxFuture<'_, Result<Seq, StoreError>>;

    /// Counts the rows in which the two differ as they are now: held, and at the same position. Lets the projectors go
    /// on as soon as that moment is fixed, which is long before the answer.
    fn compare(&mut self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Puts the new tables in the place of the live ones, while held. Whoever projects or reads the next time, in
    /// whichever process, finds the new ones.
    fn switch(self: Box<Self>) -> BoxFuture<'static, Result<(), StoreError>>;
}

/// Projects the log into new tables, compares them with the live ones, and has them take their place. The live ones
/// answer queries and follow the log meanwhile; a projector waits only while the last few commits are folded.
///
/// # Errors
/// [`ReplayError`]; the live tables are as they were.
pub async fn rebuild(
    log: &dyn EventLog,
    store: &dyn ReadStore,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Rebuilt, ReplayError> {
    let total = log.head().await?;
    let beside = store.begin_rebuild().await?;
    let mut fold = Fold { log, beside, position: Seq::ZERO, total, progress };
    fold.up_to(store.checkpoint().await?.min(total)).await?;
    let differences = fold.compare().await?;
    fold.up_to(log.head().await?).await?;
    fold.beside.settle().await?;
    // What came while indexes were made, then, with the projectors waiting, what came while that was folded.
    fold.up_to(log.head().await?).await?;
    fold.up_to_live().await?;
    fold.beside.switch().await?;
    Ok(Rebuilt { position: fold.position, differences })
}

struct Fold<'a> {
    log: &'a dyn EventLog,
    beside: Box<dyn Rebuild>,
    position: Seq,
    total: Seq,
    progress: &'a mut (dyn FnMut(Progress) + Send),
}

impl Fold<'_> {
    /// Projects up to a position and not beyond it.
    async fn up_to(&mut self, until: Seq) -> Result<(), ReplayError> {
        while self.position < until {
            let limit = usize::try_from(until.0 - self.position.0).unwrap_or(MAX_READ_COMMITS).min(MAX_READ_COMMITS);
            let batch = self.log.read_all(self.position, limit).await?;
            if batch.is_empty() {
                return Err(ReplayError::AheadOfLog { head: self.position, checkpoint: until });
            }
            self.position = self.beside.apply(&batch).await?;
            (self.progress)(Progress { done: self.position.0.min(self.total.0), total: self.total.0 });
        }
        Ok(())
    }

    /// Projects up to where the live tables are, who have to wait there. `false` when they are beyond the log's end:
    /// the log is an older one, put back from a backup, and the live tables hold what nobody can vouch for.
    async fn up_to_live(&mut self) -> Result<bool, ReplayError> {
        let live = self.beside.hold().await?;
        let head = self.log.head().await?;
        self.up_to(live.min(head)).await?;
        Ok(live <= head)
    }

    async fn compare(&mut self) -> Result<Option<u64>, ReplayError> {
        let together = self.up_to_live().await?;
        let differences = self.beside.compare().await?;
        Ok(together.then_some(differences))
    }
}
