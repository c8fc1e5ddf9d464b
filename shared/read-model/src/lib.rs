//! The read model: rows folded from the event log, and the queries over them.
//!
//! It can be thrown away and folded again at any time. Deliberately absent: anything that decides, anything in the
//! clear that the log has sealed, and any order other than the log's.

mod codec;
mod error;
pub mod filter;
mod postgres;
pub mod projection;
mod rebuild;
mod relational;
pub mod rows;
pub mod sql;
mod sqlite;
mod store;
mod verify;

pub use error::{ProjectError, ReplayError, StoreError};
pub use filter::{
    AuditFilter, DeliveryFilter, DeliveryPage, LockedAt, MAX_KINDS, MAX_PAGE_ROWS, Outcome, Page, TenantPage, UsageBy,
    UsageQuery, UserFilter, UserPage,
};
pub use postgres::{PostgresOptions, PostgresReadModel, postgres_grants};
pub use rebuild::{Progress, Rebuild, Rebuilt, rebuild};
pub use rows::{
    AttemptResult, AttemptRow, AuditRow, DeliveryRow, DeliveryStatus, EnrolledMethod, SuppressionRow, TenantRow,
    UsageCounts, UsageKey, UsageRow, UserRow,
};
pub use sqlite::{SqliteReadModel, SqliteReadModelOptions};
pub use store::{ReadStore, Snapshot, audit_export};
pub use verify::{Difference, VerifyOptions, VerifyReport, verify, verify_with};

/// A read model of whichever kind, as services hold it.
pub type ReadModel = std::sync::Arc<dyn ReadStore>;
