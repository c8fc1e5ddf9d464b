//! The rows, as callers see them.

mod attempt;
mod audit;
mod delivery;
mod suppression;
mod tenant;
mod usage;
mod user;

pub use attempt::{AttemptKey, AttemptResult, AttemptRow};
pub use audit::AuditRow;
pub use delivery::{DeliveryRow, DeliveryStatus};
pub use suppression::{SuppressionKey, SuppressionRow};
pub use tenant::TenantRow;
pub use usage::{UsageCounts, UsageKey, UsageRow};
pub use user::{EnrolledMethod, UserRow};
