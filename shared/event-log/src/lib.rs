//! The event log: the port every adapter implements, and the adapters that need no server.
//!
//! The port carries opaque payload bytes. One commit is one row or message; a group of commits is appended as a whole
//! or not at all. Deliberately absent: deleting, rewriting, time limits, and any ordering other than [`Seq`].

mod category;
mod commit;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod judge;
mod limits;
mod memory;
mod memory_snapshots;
mod memory_usage;
mod port;
mod queue;
mod seq;
mod snapshot;
mod sqlite;
mod sqlite_snapshots;
mod sqlite_throwaway;
mod sqlite_usage;
mod subject;
mod usage;
pub mod wire;

pub use category::Category;
pub use commit::{Append, Appended, Expected, NewCommit, Newest, Stored};
pub use error::{AppendError, InvalidAppend, OpenError, ReadError, SubjectError};
pub use limits::{MAX_GROUP_BYTES, MAX_GROUP_COMMITS, MAX_PAYLOAD_BYTES, MAX_READ_COMMITS, MAX_SUBJECT_BYTES};
pub use memory::{Fault, MemoryLog};
pub use memory_snapshots::MemorySnapshots;
pub use memory_usage::MemoryUsage;
pub use port::{BoxFuture, EventLog};
pub use queue::{Claim, Claimed, WorkQueue};
pub use seq::Seq;
pub use snapshot::{Snapshot, SnapshotError, SnapshotStore};
pub use sqlite::{SqliteLog, SqliteLogOptions};
pub use sqlite_snapshots::SqliteSnapshots;
pub use sqlite_usage::SqliteUsage;
pub use subject::Subject;
pub use twofold_sqlite::Synchronous;
pub use usage::{Counter, MAX_COUNTER_BYTES, MAX_COUNTERS, UsageError, UsageStore, Window, check_counters};
