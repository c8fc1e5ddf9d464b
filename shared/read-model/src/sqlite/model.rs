//! The handle callers hold.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout_at};
use twofold_domain::{AccountId, MessageId, Mode, TenantId, UserToken};
use twofold_event_log::{BoxFuture, Seq, Stored};

use super::snapshot::SqliteSnapshot;
use super::{SqliteReadModelOptions, apply, open, query};
use crate::filter::{AuditFilter, DeliveryFilter, DeliveryPage, Page, TenantPage, UserFilter, UserPage};
use crate::rows::{AuditRow, DeliveryRow, TenantRow, UserRow};
use crate::store::{ReadStore, Snapshot};
use crate::{ProjectError, StoreError};

/// A read model in one SQLite file. Needs a tokio runtime with time.
#[derive(Debug)]
pub struct SqliteReadModel {
    options: SqliteReadModelOptions,
    /// Out of its place while in use: a transaction that is dropped half-way takes the connection with it.
    writer: Mutex<Option<SqliteConnection>>,
    readers: SqlitePool,
    /// The checkpoint as this process knows it.
    projected: watch::Sender<Seq>,
}

/// How often a waiting reader asks the file for the progress of another process.
const ASK_INTERVAL: Duration = Duration::from_millis(25);

impl SqliteReadModel {
    /// Opens a read model with the default options; creates or upgrades the file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, created or locked in time, [`StoreError::Schema`]
    /// when it is something else or of a newer version: delete it and project again.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with(SqliteReadModelOptions::new(path)).await
    }

    /// Opens a read model.
    ///
    /// # Errors
    /// As [`SqliteReadModel::open`].
    pub async fn open_with(options: SqliteReadModelOptions) -> Result<Self, StoreError> {
        let mut writer = open::writer(&options).await?;
        open::migrate(&mut writer).await?;
        let readers = open::readers(&options).await?;
        let projected = watch::Sender::new(query::checkpoint(&readers).await?);
        Ok(Self { options, writer: Mutex::new(Some(writer)), readers, projected })
    }

    async fn writer(
        slot: &mut Option<SqliteConnection>,
        options: &SqliteReadModelOptions,
    ) -> Result<SqliteConnection, StoreError> {
        match slot.take() {
            Some(connection) => Ok(connection),
            None => open::writer(options).await,
        }
    }

    async fn apply_batch(&self, batch: &[Stored]) -> Result<Seq, ProjectError> {
        let mut slot = self.writer.lock().await;
        let mut connection = Self::writer(&mut slot, &self.options).await?;
        let applied = apply::batch(&mut connection, batch).await;
        match &applied {
            Ok(seq) => {
                *slot = Some(connection);
                self.projected.send_if_modified(|known| std::mem::replace(known, *seq) != *seq);
            }
            // After a failure of the database its connection is not to be trusted; the next batch gets a new one.
            Err(ProjectError::Store(_)) => {}
            Err(ProjectError::UnknownEvent { .. } | ProjectError::Undecodable { .. } | ProjectError::Gap { .. }) => {
                *slot = Some(connection);
            }
        }
        applied
    }

    async fn clear_all(&self) -> Result<(), StoreError> {
        let mut slot = self.writer.lock().await;
        let mut connection = Self::writer(&mut slot, &self.options).await?;
        apply::clear(&mut connection).await?;
        *slot = Some(connection);
        self.projected.send_replace(Seq::ZERO);
        Ok(())
    }

    async fn wait(&self, min_position: Seq, timeout: Duration) -> bool {
        let mut projected = self.projected.subscribe();
        let deadline = Instant::now() + timeout;
        loop {
            if *projected.borrow_and_update() >= min_position {
                return true;
            }
            let asked = timeout_at(deadline, query::checkpoint(&self.readers)).await;
            if asked.is_ok_and(|seq| seq.is_ok_and(|seq| seq >= min_position)) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            let next = deadline.min(Instant::now() + ASK_INTERVAL);
            tokio::select! {
                // The sender lives in `self`: this cannot fail.
                _ = projected.changed() => {}
                () = sleep_until(next) => {}
            }
        }
    }
}

impl ReadStore for SqliteReadModel {
    fn apply<'a>(&'a self, batch: &'a [Stored]) -> BoxFuture<'a, Result<Seq, ProjectError>> {
        Box::pin(self.apply_batch(batch))
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.clear_all())
    }

    fn checkpoint(&self) -> BoxFuture<'_, Result<Seq, StoreError>> {
        Box::pin(query::checkpoint(&self.readers))
    }

    fn wait_for(&self, min_position: Seq, timeout: Duration) -> BoxFuture<'_, bool> {
        Box::pin(self.wait(min_position, timeout))
    }

    fn user<'a>(
        &'a self,
        tenant: &'a TenantId,
        user: &'a UserToken,
    ) -> BoxFuture<'a, Result<Option<UserRow>, StoreError>> {
        Box::pin(query::user(&self.readers, tenant, user))
    }

    fn users<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a UserFilter,
        page: &'a UserPage,
    ) -> BoxFuture<'a, Result<Vec<UserRow>, StoreError>> {
        Box::pin(query::users(&self.readers, tenant, mode, filter, page))
    }

    fn count_admins<'a>(
        &'a self,
        tenant: &'a TenantId,
        account: &'a AccountId,
        except_user: &'a UserToken,
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(query::count_admins(&self.readers, tenant, account, except_user))
    }

    fn audit<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a AuditFilter,
        page: Page,
    ) -> BoxFuture<'a, Result<Vec<AuditRow>, StoreError>> {
        Box::pin(super::audit::page(&self.readers, tenant, mode, filter, page))
    }

    fn deliveries<'a>(
        &'a self,
        tenant: &'a TenantId,
        mode: Mode,
        filter: &'a DeliveryFilter,
        page: DeliveryPage,
    ) -> BoxFuture<'a, Result<Vec<DeliveryRow>, StoreError>> {
        Box::pin(query::deliveries(&self.readers, tenant, mode, filter, page))
    }

    fn delivery<'a>(
        &'a self,
        tenant: &'a TenantId,
        message: &'a MessageId,
    ) -> BoxFuture<'a, Result<Option<DeliveryRow>, StoreError>> {
        Box::pin(query::delivery(&self.readers, tenant, message))
    }

    fn tenants<'a>(&'a self, page: &'a TenantPage) -> BoxFuture<'a, Result<Vec<TenantRow>, StoreError>> {
        Box::pin(query::tenants(&self.readers, page))
    }

    fn snapshot(&self) -> BoxFuture<'_, Result<Box<dyn Snapshot>, StoreError>> {
        Box::pin(async {
            let snapshot = SqliteSnapshot::take(open::reader(&self.options).await?).await?;
            Ok(Box::new(snapshot) as Box<dyn Snapshot>)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // Dropping the last connection that writes moves the write-ahead log into the file.
            self.readers.close().await;
            drop(self.writer.lock().await.take());
        })
    }
}
