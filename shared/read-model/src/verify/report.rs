//! What a comparison found.

use twofold_domain::{MessageId, TenantId, UserToken};
use twofold_event_log::Seq;

/// One thing that differs. Keys only, nothing personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A user's row is missing, should not be there, or has other values.
    User(TenantId, UserToken),
    /// A message's row, or its ledger.
    Delivery(MessageId),
    /// Figures of a tenant's deliveries in an hour, counted from the epoch.
    Usage(TenantId, i64),
    /// A destination on a tenant's list, by its keyed hash.
    Suppression(TenantId, String),
    /// A tenant's row.
    Tenant(TenantId),
    /// Audit rows of these positions, both included.
    Audit(Seq, Seq),
    /// The span of an hour, counted from the epoch.
    Hour(i64),
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerifyReport {
    /// Position at which the two were compared.
    pub position: Seq,
    /// Users in the log's fold.
    pub users: u64,
    /// Messages in the log's fold.
    pub deliveries: u64,
    /// Audit rows in the log's fold.
    pub audit_rows: u64,
    /// What differs, up to a limit.
    pub differences: Vec<Difference>,
    /// Whether there are more differences than are listed.
    pub truncated: bool,
}

impl VerifyReport {
    /// Whether the tables are what the log says.
    pub const fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    pub(super) fn add(&mut self, difference: Difference, limit: usize) {
        if self.differences.len() < limit {
            self.differences.push(difference);
        } else {
            self.truncated = true;
        }
    }
}
