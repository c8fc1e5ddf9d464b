//! The audit trail as answers: what can be asked for, one event as an object or a line, and exports.

mod csv;
mod export;
mod item;
mod page;
mod query;
mod text;

pub use page::{AuditPage, answer};
pub use query::{AuditParams, AuditQuery, UserAuditParams, UserAuditQuery, newest_first};
