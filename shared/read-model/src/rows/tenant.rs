//! A tenant, for the operator.

use twofold_domain::{TenantId, Timestamp};
use twofold_event_log::Seq;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRow {
    /// Its id.
    pub tenant: TenantId,
    /// What the operator calls it.
    pub name: String,
    /// The preset it was made from.
    pub preset: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Every key is refused.
    pub suspended: bool,
    /// Its newest commit.
    pub position: Seq,
}
