//! The one task that writes: what waits goes into one transaction.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::{FILE, Readers};
use crate::sqlite_throwaway::{Opened, is_damaged, remove};
use crate::{Snapshot, SnapshotError, Subject};

/// Snapshots of one transaction at most.
const BATCH: usize = 256;

/// Something to do.
#[derive(Debug)]
pub(super) enum Job {
    Put {
        subject: Subject,
        snapshot: Snapshot,
        answer: oneshot::Sender<Result<(), SnapshotError>>,
    },
    /// A reader found the file of this number damaged.
    Replace(u64),
    /// Nothing more is accepted.
    Close,
}

pub(super) struct Writer {
    path: PathBuf,
    /// `None` after a failure: the next batch opens the file anew.
    connection: Option<SqliteConnection>,
    readers: Arc<Readers>,
}

impl Writer {
    pub fn new(path: PathBuf, connection: SqliteConnection, readers: Arc<Readers>) -> Self {
        Self { path, connection: Some(connection), readers }
    }

    /// Runs until nobody can hand in anything any more.
    pub async fn run(mut self, mut incoming: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while incoming.recv_many(&mut batch, BATCH).await > 0 {
            let current = self.readers.now().number;
            if batch.iter().any(|job| matches!(job, Job::Replace(number) if *number == current)) {
                self.discard().await;
            }
            if batch.iter().any(|job| matches!(job, Job::Close)) {
                incoming.close();
            }
            let outcome = self.write(&batch).await;
            for job in batch.drain(..) {
                if let Job::Put { answer, .. } = job {
                    let _nobody_waits = answer.send(outcome.clone());
                }
            }
        }
        if let Some(connection) = self.connection.take() {
            close(connection).await;
        }
    }

    async fn write(&mut self, batch: &[Job]) -> Result<(), SnapshotError> {
        let mut connection = self.connect().await.map_err(|error| SnapshotError(error.to_string()))?;
        match put_all(&mut connection, batch).await {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(error) => {
                close(connection).await;
                if is_damaged(&error) {
                    self.discard().await;
                }
                Err(SnapshotError(error.to_string()))
            }
        }
    }

    async fn connect(&mut self) -> Result<SqliteConnection, sqlx::Error> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let Opened { writer, readers } = FILE.open_or_replace(&self.path).await?;
        self.readers.replace(readers).close().await;
        Ok(writer)
    }

    /// Throws the damaged file away; the next batch begins a new one.
    async fn discard(&mut self) {
        tracing::warn!(path = %self.path.display(), "the snapshots are damaged and are begun anew");
        if let Some(connection) = self.connection.take() {
            close(connection).await;
        }
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the damaged snapshots cannot be deleted");
        }
    }
}

async fn put_all(connection: &mut SqliteConnection, batch: &[Job]) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for job in batch {
        if let Job::Put { subject, snapshot, .. } = job {
            sqlx::query("INSERT OR REPLACE INTO snapshots (subject, seq, state) VALUES ($1, $2, $3)")
                .bind(subject.as_str())
                .bind(snapshot.seq.0.cast_signed())
                .bind(&snapshot.state[..])
                .execute(&mut *transaction)
                .await?;
        }
    }
    transaction.commit().await
}

async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::debug!(%error, "closing the snapshots");
    }
}
