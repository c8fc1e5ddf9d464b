//! The one connection that writes.

use std::time::Duration;

use sqlx::SqlSafeStr as _;
use tokio::sync::Mutex;
use tokio::time::timeout;
use twofold_event_log::{Seq, Stored};

use super::backend::ConnectionOf;
use super::error::unavailable;
use super::{Backend, Dialect, apply};
use crate::{ProjectError, StoreError};

/// A connection, out of its place while in use: a transaction that is dropped half-way takes the connection with it.
#[derive(Debug)]
pub(crate) struct Writer<D: Dialect> {
    slot: Mutex<Option<D::Connection>>,
    /// For a batch. A database that takes longer is taken for dead.
    limit: Duration,
}

impl<D: Dialect> Writer<D> {
    pub const fn new(connection: Option<D::Connection>, limit: Duration) -> Self {
        Self { slot: Mutex::const_new(connection), limit }
    }

    /// Projects a batch.
    pub async fn apply<B: Backend<Dialect = D>>(&self, backend: &B, batch: &[Stored]) -> Result<Seq, ProjectError> {
        let mut slot = self.slot.lock().await;
        let work = async {
            let mut connection = taken(&mut slot, backend).await?;
            let applied = apply::batch::<D>(&mut connection, batch).await;
            // After a failure of the database its connection is not to be trusted; the next batch gets a new one.
            if !matches!(applied, Err(ProjectError::Store(_))) {
                *slot = Some(connection);
            }
            applied
        };
        let applied = timeout(self.limit, work).await.map_err(|_| unavailable("a batch took too long"))??;
        backend.waiting().tell(applied);
        Ok(applied)
    }

    /// Claims the projecting for the process of this connection.
    pub async fn claim<B: Backend<Dialect = D>>(&self, backend: &B) -> Result<bool, StoreError> {
        let Some(text) = D::CLAIM else { return Ok(true) };
        let mut slot = self.slot.lock().await;
        let work = async {
            let mut connection = taken(&mut slot, backend).await?;
            let rows = D::fetch(&mut connection, text.into_sql_str(), D::Arguments::default()).await?;
            *slot = Some(connection);
            let ours = rows.first().map(|row| D::number(row, 0)).transpose().map_err(unavailable)?;
            Ok(ours.flatten() == Some(1))
        };
        timeout(self.limit, work).await.map_err(|_| unavailable("a claim took too long"))?
    }

    /// Empties every table.
    pub async fn clear<B: Backend<Dialect = D>>(&self, backend: &B) -> Result<(), StoreError> {
        let mut slot = self.slot.lock().await;
        let mut connection = taken(&mut slot, backend).await?;
        apply::clear::<D>(&mut connection).await?;
        *slot = Some(connection);
        backend.waiting().tell(Seq::ZERO);
        Ok(())
    }

    /// Closes the connection.
    pub async fn close(&self) {
        drop(self.slot.lock().await.take());
    }
}

async fn taken<B: Backend>(slot: &mut Option<ConnectionOf<B>>, backend: &B) -> Result<ConnectionOf<B>, StoreError> {
    match slot.take() {
        Some(connection) => Ok(connection),
        None => backend.open_writer().await,
    }
}
