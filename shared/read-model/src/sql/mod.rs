//! Every SQL statement, as text both SQLite and PostgreSQL understand: numbered `$n` placeholders, row values,
//! `ON CONFLICT`, `UPDATE ... FROM`; no function or operator that only one of them has.
//!
//! The one difference is [`Source`]: how a statement takes many rows.

mod audit;
mod bulk;
mod chain;
mod columns;
mod lists;
mod messages;
mod scans;
mod usage;

pub use audit::{AuditShape, Lead, audit};
pub use bulk::{
    Bulk, CHUNKS, Source, attempts_insert, audit_insert, deliveries_load, deliveries_upsert, hours_upsert,
    suppressions_load, suppressions_upsert, tenants_load, tenants_upsert, usage_add, users_load, users_update,
    users_upsert,
};
pub use chain::{CHAIN_COLUMNS, FIRST_MESSAGE, chain};
pub use columns::{
    ATTEMPT_COLUMNS, AUDIT_COLUMNS, DELIVERY_COLUMNS, HOUR_COLUMNS, SUPPRESSION_COLUMNS, TENANT_COLUMNS, USAGE_COLUMNS,
    USAGE_COUNTS, USAGE_KEYS, USER_COLUMNS, USER_STATE_COLUMNS, USER_STATE_FIXED,
};
pub use lists::{UserShape, users};
pub use messages::{DeliveryShape, attempts, dead_letters, deliveries, delivery, suppressions};
pub use scans::{
    COUNT_ROWS, SCAN_HOURS, differences, scan_attempts, scan_audit, scan_deliveries, scan_suppressions, scan_usage,
    scan_users,
};
pub use usage::{DROP_EMPTY_USAGE, PRUNE_USAGE, UsageShape, delivery_stats};

/// Hands out `$n`, one after the other.
struct Numbers(usize);

impl Numbers {
    const fn from(first: usize) -> Self {
        Self(first)
    }

    fn next(&mut self) -> String {
        self.0 += 1;
        format!("${}", self.0 - 1)
    }
}

/// How far the log has been folded.
pub const CHECKPOINT: &str = "SELECT seq FROM checkpoint WHERE name = $1";

/// Moves the checkpoint.
pub const SET_CHECKPOINT: &str =
    "INSERT INTO checkpoint (name, seq) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq";

/// Empties every table.
pub const CLEAR: [&str; 9] = [
    "DELETE FROM users",
    "DELETE FROM deliveries",
    "DELETE FROM delivery_attempts",
    "DELETE FROM delivery_usage",
    "DELETE FROM suppressions",
    "DELETE FROM tenants",
    "DELETE FROM audit",
    "DELETE FROM audit_hours",
    "DELETE FROM checkpoint",
];

/// Administrators of an account besides one user, in that user's mode when he is known.
pub const COUNT_ADMINS: &str = "SELECT count(*) FROM users WHERE tenant = $1 AND account = $2 AND user_token <> $3 \
    AND role = 'admin' AND erased = 0 AND mode = coalesce( \
        (SELECT own.mode FROM users AS own WHERE own.tenant = $1 AND own.user_token = $3), mode)";

/// One user.
pub fn user() -> String {
    format!("SELECT {} FROM users WHERE tenant = $1 AND user_token = $2", USER_COLUMNS.join(", "))
}

/// A page of tenants.
pub fn tenants() -> String {
    format!("SELECT {} FROM tenants WHERE tenant > $1 ORDER BY tenant LIMIT $2", TENANT_COLUMNS.join(", "))
}

/// Every statement there is, in every shape, for a test that prepares them all. Those with many rows in the forms of
/// the sources.
pub fn all(sources: &[Source]) -> Vec<String> {
    let fixed = [
        CHECKPOINT,
        SET_CHECKPOINT,
        COUNT_ADMINS,
        COUNT_ROWS,
        SCAN_HOURS,
        DROP_EMPTY_USAGE,
        PRUNE_USAGE,
        FIRST_MESSAGE,
    ];
    let mut texts: Vec<String> = fixed.into_iter().chain(CLEAR).map(str::to_owned).collect();
    texts.extend([user(), delivery(), attempts(), dead_letters(false), dead_letters(true), suppressions(), tenants()]);
    texts.extend([scan_users(), scan_deliveries(), scan_attempts(), scan_usage(), scan_suppressions(), scan_audit()]);
    texts.extend(UsageShape::every().iter().map(delivery_stats));
    texts.extend(UserShape::every().iter().map(users));
    texts.extend(DeliveryShape::every().iter().map(deliveries));
    texts.extend(AuditShape::every().iter().map(audit));
    texts.extend(Bulk::every().into_iter().flat_map(|bulk| sources.iter().map(move |source| bulk.text(*source))));
    texts
}
