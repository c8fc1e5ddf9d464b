//! The one thread that writes.

use std::sync::Arc;

use tokio::sync::watch;
use twofold_sqlite::File;
use twofold_sqlite::rusqlite::{self, Connection};

use super::batch::{Batch, Queue, Request};
use super::heads::Heads;
use super::plan::{Outcome, Plan};
use super::recent::Recent;
use super::tidy::Tidy;
use super::transaction::{Failure, commit_ids, write};
use super::{follow, open, tidy};
use crate::{Append, AppendError, Appended, Seq};

pub(super) struct Writer {
    pub queue: Queue,
    pub file: File,
    /// `None` after a failure: the next batch connects anew.
    pub connection: Option<Connection>,
    pub head: Arc<watch::Sender<Seq>>,
    pub recent: Arc<Recent>,
    pub heads: Arc<Heads>,
    pub tidy: Tidy,
}

impl Writer {
    /// Runs until the log is closed and everything accepted is answered.
    pub fn run(mut self) {
        while let Some(batch) = self.queue.next_batch() {
            self.write(batch);
        }
        if let Some(connection) = self.connection.take() {
            tidy::checkpoint_and_truncate(&connection);
            close(connection);
        }
    }

    fn write(&mut self, batch: Batch) {
        let answers = {
            let groups: Vec<&Append> = batch.requests.iter().map(|request| &request.group).collect();
            self.outcomes(&groups)
        };
        for (Request { answer, bytes, .. }, outcome) in batch.requests.into_iter().zip(answers) {
            drop(bytes);
            // A caller that no longer waits is no concern of the log.
            let _ = answer.send(outcome);
        }
        // After the answers: nobody of this batch has to wait for it.
        if let Some(connection) = &self.connection {
            self.tidy.move_rest(connection);
        }
    }

    /// What became of every group. Whatever says "stored" is on disk.
    fn outcomes(&mut self, groups: &[&Append]) -> Vec<Result<Appended, AppendError>> {
        let mut connection = match self.connect() {
            Ok(connection) => connection,
            Err(error) => return unavailable(groups, &error),
        };
        match write(&mut connection, &self.heads, groups) {
            Ok(plan) => {
                // Before the head: whoever is woken by it finds them.
                self.recent.push(&plan.rows);
                follow::raise(&self.head, plan.head);
                self.tidy.written(&plan.rows);
                self.connection = Some(connection);
                plan.outcomes.into_iter().map(committed).collect()
            }
            Err(Failure::Before(error)) => {
                close(connection);
                unavailable(groups, &error)
            }
            Err(Failure::AtCommit(error, plan)) => {
                close(connection);
                self.resolve(plan, &error)
            }
        }
    }

    fn connect(&mut self) -> rusqlite::Result<Connection> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => open::writer(&self.file),
        }
    }

    /// Looks, over a new connection, whether the rows of a failed commit are there after all.
    fn resolve(&mut self, plan: Plan<'_>, error: &rusqlite::Error) -> Vec<Result<Appended, AppendError>> {
        tracing::error!(%error, rows = plan.rows.len(), "commit failed, looking what it left");
        let seqs: Vec<Seq> = plan.rows.iter().map(|row| row.seq).collect();
        let found = match self.connect() {
            Err(_) => None,
            Ok(connection) => {
                let found = commit_ids(&connection, &seqs).ok();
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

fn unavailable(groups: &[&Append], error: &rusqlite::Error) -> Vec<Result<Appended, AppendError>> {
    tracing::error!(%error, groups = groups.len(), "nothing of a batch could be stored");
    groups.iter().map(|_| Err(AppendError::not_stored(error))).collect()
}

/// Lets go of the file's locks.
fn close(connection: Connection) {
    if let Err((_, error)) = connection.close() {
        tracing::debug!(%error, "closing a connection of the event log");
    }
}
