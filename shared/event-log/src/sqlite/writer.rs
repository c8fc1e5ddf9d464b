//! The one task that writes.

use std::sync::Arc;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::watch;

use super::batch::{Batch, Queue, Request};
use super::open::connect_writer;
use super::plan::{Outcome, Plan};
use super::recent::Recent;
use super::tidy::Tidy;
use super::transaction::{Failure, commit_ids, write};
use super::{follow, tidy};
use crate::{Append, AppendError, Appended, Seq};

pub(super) struct Writer {
    pub queue: Queue,
    pub options: SqliteConnectOptions,
    /// `None` after a failure: the next batch connects anew.
    pub connection: Option<SqliteConnection>,
    pub head: Arc<watch::Sender<Seq>>,
    pub recent: Arc<Recent>,
    pub tidy: Arc<Tidy>,
}

impl Writer {
    /// Runs until the log is closed and everything accepted is answered.
    pub async fn run(mut self) {
        while let Some(batch) = self.queue.next_batch().await {
            self.write(batch).await;
        }
        if let Some(mut connection) = self.connection.take() {
            tidy::checkpoint_and_truncate(&mut connection).await;
            close(connection).await;
        }
    }

    async fn write(&mut self, batch: Batch) {
        let answers = {
            let groups: Vec<&Append> = batch.requests.iter().map(|request| &request.group).collect();
            self.outcomes(&groups).await
        };
        for (Request { answer, bytes, .. }, outcome) in batch.requests.into_iter().zip(answers) {
            drop(bytes);
            // A caller that no longer waits is no concern of the log.
            let _ = answer.send(outcome);
        }
        // After the answers: nobody of this batch has to wait for it.
        if let Some(connection) = &mut self.connection {
            self.tidy.move_rest(connection).await;
        }
    }

    /// What became of every group. Whatever says "stored" is on disk.
    async fn outcomes(&mut self, groups: &[&Append]) -> Vec<Result<Appended, AppendError>> {
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return unavailable(groups, &error),
        };
        match write(&mut connection, groups).await {
            Ok(plan) => {
                // Before the head: whoever is woken by it finds them.
                self.recent.push(&plan.rows);
                follow::raise(&self.head, plan.head);
                self.tidy.written(&plan.rows);
                self.connection = Some(connection);
                plan.outcomes.into_iter().map(committed).collect()
            }
            Err(Failure::Before(error)) => {
                close(connection).await;
                unavailable(groups, &error)
            }
            Err(Failure::AtCommit(error, plan)) => {
                close(connection).await;
                self.resolve(plan, &error).await
            }
        }
    }

    async fn connect(&mut self) -> Result<SqliteConnection, sqlx::Error> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => connect_writer(&self.options).await,
        }
    }

    /// Looks, over a new connection, whether the rows of a failed commit are there after all.
    async fn resolve(&mut self, plan: Plan<'_>, error: &sqlx::Error) -> Vec<Result<Appended, AppendError>> {
        tracing::error!(%error, rows = plan.rows.len(), "commit failed, looking what it left");
        let seqs: Vec<Seq> = plan.rows.iter().map(|row| row.seq).collect();
        let found = match self.connect().await {
            Err(_) => None,
            Ok(mut connection) => {
                let found = commit_ids(&mut connection, &seqs).await.ok();
                self.connection = Some(connection);
                found
            }
        };
        // One transaction: either all rows are there under our ids or none is.
        let landed = found.is_some_and(|ids| plan.rows.iter().all(|row| ids.get(&row.seq) == Some(&row.commit.id)));
        if landed {
            follow::raise(&self.head, plan.head);
        }
        plan.outcomes
            .into_iter()
            .map(|outcome| match outcome {
                Outcome::Stored(_) if !landed => {
                    Err(AppendError::Unavailable { reason: error.to_string(), maybe_appended: true })
                }
                Outcome::Stored(_) | Outcome::Settled(_) => committed(outcome),
            })
            .collect()
    }
}

fn committed(outcome: Outcome) -> Result<Appended, AppendError> {
    match outcome {
        Outcome::Settled(outcome) => outcome,
        Outcome::Stored(seqs) => Ok(Appended { seqs }),
    }
}

fn unavailable(groups: &[&Append], error: &sqlx::Error) -> Vec<Result<Appended, AppendError>> {
    tracing::error!(%error, groups = groups.len(), "nothing of a batch could be stored");
    groups.iter().map(|_| Err(AppendError::not_stored(error))).collect()
}

/// Waits until the connection has let go of its locks.
async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing a connection of the event log");
    }
}
