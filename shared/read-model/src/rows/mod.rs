//! The rows, as callers see them.

mod audit;
mod delivery;
mod tenant;
mod user;

pub use audit::AuditRow;
pub use delivery::{DeliveryRow, DeliveryStatus};
pub use tenant::TenantRow;
pub use user::{EnrolledMethod, UserRow};
