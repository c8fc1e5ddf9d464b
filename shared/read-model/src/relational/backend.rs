//! What a database's handle has to do for us: connections, and whose rows they see.

use std::fmt::Debug;

use sqlx::{Database, SqlStr};
use twofold_domain::TenantId;
use twofold_event_log::BoxFuture;

use super::{Dialect, Waiting, Writer};
use crate::StoreError;
use crate::rebuild::Rebuild;

/// Whose rows a query may see. A database that can enforce it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    /// Those of one tenant.
    Tenant(&'a TenantId),
    /// Those of all: the operator's list, comparisons.
    Everything,
    /// None: the checkpoint only.
    Nobody,
}

/// A connection of a backend.
pub(crate) type ConnectionOf<B> = <<B as Backend>::Dialect as Database>::Connection;
/// Arguments of a backend.
pub(crate) type ArgumentsOf<B> = <<B as Backend>::Dialect as Database>::Arguments;
/// A row of a backend.
pub(crate) type RowOf<B> = <<B as Backend>::Dialect as Database>::Row;

/// A read model's connections.
pub(crate) trait Backend: Send + Sync + Debug + 'static {
    /// Its database.
    type Dialect: Dialect;

    /// Answers one query in a scope.
    fn fetch(
        &self,
        scope: Scope<'_>,
        text: SqlStr,
        arguments: ArgumentsOf<Self>,
    ) -> impl Future<Output = Result<Vec<RowOf<Self>>, StoreError>> + Send;

    /// The connection that writes.
    fn writer(&self) -> &Writer<Self::Dialect>;

    /// Opens one that writes.
    fn open_writer(&self) -> impl Future<Output = Result<ConnectionOf<Self>, StoreError>> + Send;

    /// Opens one that sees all rows as they are at the moment of its first query.
    fn open_snapshot(&self) -> impl Future<Output = Result<ConnectionOf<Self>, StoreError>> + Send;

    /// Those who wait for a position.
    fn waiting(&self) -> &Waiting;

    /// See [`crate::ReadStore::begin_rebuild`].
    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Rebuild>, StoreError>>;

    /// Closes the connections that answer queries.
    fn close_readers(&self) -> impl Future<Output = ()> + Send;
}
