//! The one thread that changes the file: gathers what waits into one transaction, answers after the commit.

use std::thread::sleep;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use twofold_sqlite::rusqlite::{Connection, Result, TransactionBehavior, params};

use super::held;
use crate::key_store::{KeyStoreError, Lookup};

/// Most changes of one transaction: bounds how long the first of them waits.
const BATCH: usize = 1024;
/// Tries to empty the write-ahead log before a destruction is reported as not done.
const CHECKPOINT_TRIES: u32 = 5;

pub(super) struct Change {
    pub(super) owner: String,
    pub(super) action: Action,
    pub(super) reply: oneshot::Sender<std::result::Result<Outcome, KeyStoreError>>,
}

pub(super) enum Action {
    Put(Vec<u8>),
    Replace { old: Vec<u8>, new: Vec<u8> },
    Destroy,
}

impl Action {
    /// Whether an old wrap must be gone from the write-ahead log before the answer.
    fn erases(&self) -> bool {
        match self {
            Self::Put(_) => false,
            Self::Replace { .. } | Self::Destroy => true,
        }
    }
}

pub(super) enum Outcome {
    /// What a put left in place.
    Holds(Lookup),
    /// Whether a replacement or a destruction changed anything.
    Changed(bool),
}

pub(super) struct Writer {
    connection: Connection,
}

impl Writer {
    /// Makes the table, and empties a write-ahead log that a killed process left behind.
    pub(super) fn prepare(connection: Connection) -> std::result::Result<Self, KeyStoreError> {
        let table = "CREATE TABLE IF NOT EXISTS data_keys (owner TEXT PRIMARY KEY NOT NULL, wrapped BLOB) WITHOUT ROWID, STRICT";
        connection.execute(table, []).map_err(KeyStoreError::unavailable)?;
        let writer = Self { connection };
        writer.empty_log()?;
        Ok(writer)
    }

    /// Works until every sender is gone and everything handed in is answered. Closed, SQLite folds the log into the file.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Change>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
            match self.commit(&batch) {
                Ok(outcomes) => {
                    for (change, outcome) in batch.drain(..).zip(outcomes) {
                        // Whoever stopped waiting does not need the answer.
                        let _ = change.reply.send(Ok(outcome));
                    }
                }
                Err(error) => {
                    for change in batch.drain(..) {
                        let _ = change.reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    fn commit(&mut self, batch: &[Change]) -> std::result::Result<Vec<Outcome>, KeyStoreError> {
        let outcomes = self.apply_all(batch).map_err(KeyStoreError::unavailable)?;
        if batch.iter().any(|change| change.action.erases()) {
            self.empty_log()?;
        }
        Ok(outcomes)
    }

    fn apply_all(&mut self, batch: &[Change]) -> Result<Vec<Outcome>> {
        // IMMEDIATE: another process is waited for here, not in the middle of a transaction.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcomes: Result<Vec<_>> = batch.iter().map(|change| apply(&transaction, change)).collect();
        let outcomes = outcomes?;
        transaction.commit()?;
        Ok(outcomes)
    }

    /// Copies the write-ahead log into the file and cuts it to nothing. Fails when readers hold it up for too long.
    fn empty_log(&self) -> std::result::Result<(), KeyStoreError> {
        for attempt in 1..=CHECKPOINT_TRIES {
            let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            if busy.map_err(KeyStoreError::unavailable)? == 0 {
                return Ok(());
            }
            sleep(Duration::from_millis(20) * attempt);
        }
        Err(KeyStoreError::unavailable("the write-ahead log could not be emptied: readers hold it"))
    }
}

fn apply(connection: &Connection, change: &Change) -> Result<Outcome> {
    let owner = change.owner.as_str();
    match &change.action {
        Action::Put(wrapped) => {
            let sql = "INSERT INTO data_keys (owner, wrapped) VALUES (?1, ?2) ON CONFLICT (owner) DO NOTHING";
            if connection.prepare_cached(sql)?.execute(params![owner, wrapped])? == 1 {
                return Ok(Outcome::Holds(Lookup::Present(wrapped.clone())));
            }
            Ok(Outcome::Holds(held(connection, owner)?))
        }
        Action::Replace { old, new } => {
            let sql = "UPDATE data_keys SET wrapped = ?3 WHERE owner = ?1 AND wrapped = ?2";
            Ok(Outcome::Changed(connection.prepare_cached(sql)?.execute(params![owner, old, new])? == 1))
        }
        Action::Destroy => {
            let existed = matches!(held(connection, owner)?, Lookup::Present(_));
            let sql = "INSERT INTO data_keys (owner, wrapped) VALUES (?1, NULL) \
                       ON CONFLICT (owner) DO UPDATE SET wrapped = NULL";
            connection.prepare_cached(sql)?.execute([owner])?;
            Ok(Outcome::Changed(existed))
        }
    }
}
