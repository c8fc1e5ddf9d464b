//! The one task that changes the file: gathers what waits into one transaction, answers after the commit.

use std::time::Duration;

use sqlx::{Connection as _, Row as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::key_store::KeyStoreError;

/// Most changes of one transaction: bounds how long the first of them waits.
const BATCH: usize = 1024;
/// Tries to empty the write-ahead log before a destruction is reported as not done.
const CHECKPOINT_TRIES: u32 = 5;

pub(super) struct Change {
    pub(super) owner: String,
    pub(super) action: Action,
    pub(super) reply: oneshot::Sender<Result<Outcome, KeyStoreError>>,
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
    /// What a put left in place; `None` is a tombstone.
    Holds(Option<Vec<u8>>),
    /// Whether a replacement or a destruction changed anything.
    Changed(bool),
}

pub(super) struct Writer {
    connection: SqliteConnection,
}

impl Writer {
    /// Makes the table, and empties a write-ahead log that a killed process left behind.
    pub(super) async fn prepare(mut connection: SqliteConnection) -> Result<Self, sqlx::Error> {
        // A row with NULL is a tombstone.
        sqlx::query("CREATE TABLE IF NOT EXISTS data_keys (owner TEXT PRIMARY KEY NOT NULL, wrapped BLOB) WITHOUT ROWID, STRICT")
            .execute(&mut connection)
            .await?;
        let mut writer = Self { connection };
        writer.checkpoint().await?;
        Ok(writer)
    }

    /// Works until every sender is gone and everything handed in is answered.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Change>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            let outcome = self.commit(&batch).await;
            match outcome {
                Ok(outcomes) => {
                    for (change, outcome) in batch.drain(..).zip(outcomes) {
                        // Whoever stopped waiting does not need the answer.
                        let _ = change.reply.send(Ok(outcome));
                    }
                }
                Err(error) => {
                    let error = KeyStoreError::unavailable(error);
                    for change in batch.drain(..) {
                        let _ = change.reply.send(Err(error.clone()));
                    }
                }
            }
        }
        // Lets `SQLite` fold the log into the file; without it the next start does.
        let _ = self.connection.close().await;
    }

    async fn commit(&mut self, batch: &[Change]) -> Result<Vec<Outcome>, sqlx::Error> {
        // IMMEDIATE: another process is waited for here, not in the middle of a transaction.
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for change in batch {
            outcomes.push(apply(&mut transaction, change).await?);
        }
        transaction.commit().await?;
        if batch.iter().any(|change| change.action.erases()) {
            self.checkpoint().await?;
        }
        Ok(outcomes)
    }

    /// Copies the write-ahead log into the file and cuts it to nothing. Fails when readers hold it up for too long.
    async fn checkpoint(&mut self) -> Result<(), sqlx::Error> {
        for attempt in 1..=CHECKPOINT_TRIES {
            let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut self.connection).await?;
            if row.try_get::<i64, _>(0)? == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20) * attempt).await;
        }
        Err(sqlx::Error::Protocol("the write-ahead log could not be emptied: readers hold it".to_owned()))
    }
}

async fn apply(connection: &mut SqliteConnection, change: &Change) -> Result<Outcome, sqlx::Error> {
    let owner = change.owner.as_str();
    match &change.action {
        Action::Put(wrapped) => {
            let sql = "INSERT INTO data_keys (owner, wrapped) VALUES ($1, $2) ON CONFLICT (owner) DO NOTHING";
            let done = sqlx::query(sql).bind(owner).bind(wrapped.as_slice()).execute(&mut *connection).await?;
            if done.rows_affected() == 1 {
                return Ok(Outcome::Holds(Some(wrapped.clone())));
            }
            Ok(Outcome::Holds(held(connection, owner).await?))
        }
        Action::Replace { old, new } => {
            let sql = "UPDATE data_keys SET wrapped = $3 WHERE owner = $1 AND wrapped = $2";
            let query = sqlx::query(sql).bind(owner).bind(old.as_slice()).bind(new.as_slice());
            Ok(Outcome::Changed(query.execute(connection).await?.rows_affected() == 1))
        }
        Action::Destroy => {
            let existed = held(connection, owner).await?.is_some();
            let sql = "INSERT INTO data_keys (owner, wrapped) VALUES ($1, NULL) \
                       ON CONFLICT (owner) DO UPDATE SET wrapped = NULL";
            sqlx::query(sql).bind(owner).execute(connection).await?;
            Ok(Outcome::Changed(existed))
        }
    }
}

async fn held(connection: &mut SqliteConnection, owner: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let row: Option<Option<Vec<u8>>> = sqlx::query_scalar("SELECT wrapped FROM data_keys WHERE owner = $1")
        .bind(owner)
        .fetch_optional(connection)
        .await?;
    Ok(row.flatten())
}
