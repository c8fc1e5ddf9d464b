//! Every SQL statement, as text both SQLite and PostgreSQL understand: numbered `$n` placeholders, row values,
//! `ON CONFLICT`, `UPDATE ... FROM`; no function or operator that only one of them has.
//!
//! The one difference is [`Source`]: how a statement takes many rows.

mod audit;
mod bulk;
mod lists;

pub use audit::{AuditShape, Lead, audit};
pub use bulk::{
    Bulk, CHUNKS, Source, audit_insert, deliveries_load, deliveries_upsert, hours_upsert, tenants_load, tenants_upsert,
    users_load, users_update, users_upsert,
};
pub use lists::{DeliveryShape, UserShape, deliveries, users};

/// Columns of a user, in the order in which rows are read and written.
pub const USER_COLUMNS: [&str; 22] = [
    "tenant",
    "user_token",
    "mode",
    "account",
    "account_panel_id",
    "role",
    "registered_at",
    "panel_id",
    "email",
    "phone",
    "locale",
    "erased",
    "use_2fa",
    "may_toggle",
    "methods",
    "enabled_at",
    "recovery_left",
    "failures",
    "locked_until",
    "last_verified_at",
    "last_failed_at",
    "position",
];

/// Columns of a user that events other than the panel's own words about him need or change.
pub const USER_STATE_COLUMNS: [&str; 16] = [
    "tenant",
    "user_token",
    "mode",
    "role",
    "registered_at",
    "erased",
    "use_2fa",
    "may_toggle",
    "methods",
    "enabled_at",
    "recovery_left",
    "failures",
    "locked_until",
    "last_verified_at",
    "last_failed_at",
    "position",
];

/// How many of [`USER_STATE_COLUMNS`], from the first on, such events leave alone.
pub const USER_STATE_FIXED: usize = 6;

/// Columns of a message.
pub const DELIVERY_COLUMNS: [&str; 16] = [
    "message",
    "tenant",
    "user_token",
    "mode",
    "channel",
    "kind",
    "purpose",
    "status",
    "requested_at",
    "updated_at",
    "expires_at",
    "attempts",
    "provider_id",
    "cause",
    "request_seq",
    "position",
];

/// Columns of a tenant.
pub const TENANT_COLUMNS: [&str; 6] = ["tenant", "name", "preset", "created_at", "suspended", "position"];

/// Columns of an audit row.
pub const AUDIT_COLUMNS: [&str; 14] = [
    "seq",
    "idx",
    "tenant",
    "mode",
    "user_token",
    "at",
    "kind",
    "actor",
    "actor_token",
    "request_id",
    "method",
    "reason",
    "details",
    "private",
];

/// Columns of an hour.
pub const HOUR_COLUMNS: [&str; 3] = ["hour", "first_seq", "last_seq"];

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
pub const CLEAR: [&str; 6] = [
    "DELETE FROM users",
    "DELETE FROM deliveries",
    "DELETE FROM tenants",
    "DELETE FROM audit",
    "DELETE FROM audit_hours",
    "DELETE FROM checkpoint",
];

/// Administrators of an account besides one user, in that user's mode when he is known.
pub const COUNT_ADMINS: &str = "SELECT count(*) FROM users WHERE tenant = $1 AND account = $2 AND user_token <> $3 \
    AND role = 'admin' AND erased = 0 AND mode = coalesce( \
        (SELECT own.mode FROM users AS own WHERE own.tenant = $1 AND own.user_token = $3), mode)";

/// How many rows a comparison has to hold.
pub const COUNT_ROWS: &str = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM deliveries)";

/// One user.
pub fn user() -> String {
    format!("SELECT {} FROM users WHERE tenant = $1 AND user_token = $2", USER_COLUMNS.join(", "))
}

/// One message of a tenant.
pub fn delivery() -> String {
    format!("SELECT {} FROM deliveries WHERE message = $1 AND tenant = $2", DELIVERY_COLUMNS.join(", "))
}

/// A page of tenants.
pub fn tenants() -> String {
    format!("SELECT {} FROM tenants WHERE tenant > $1 ORDER BY tenant LIMIT $2", TENANT_COLUMNS.join(", "))
}

/// All users, whatever their tenant: for comparisons only.
pub fn scan_users() -> String {
    let columns = USER_COLUMNS.join(", ");
    format!("SELECT {columns} FROM users WHERE (tenant, user_token) > ($1, $2) ORDER BY tenant, user_token LIMIT $3")
}

/// All messages, whatever their tenant: for comparisons only.
pub fn scan_deliveries() -> String {
    let columns = DELIVERY_COLUMNS.join(", ");
    format!("SELECT {columns} FROM deliveries WHERE message > $1 ORDER BY message LIMIT $2")
}

/// The whole audit: for comparisons only.
pub fn scan_audit() -> String {
    let columns = AUDIT_COLUMNS.join(", ");
    format!("SELECT {columns} FROM audit WHERE (seq, idx) > ($1, $2) ORDER BY seq, idx LIMIT $3")
}

/// All hours: for comparisons only.
pub const SCAN_HOURS: &str = "SELECT hour, first_seq, last_seq FROM audit_hours ORDER BY hour";

/// How many rows differ between the tables of two schemas; a row that only one has differs.
pub fn differences(live: &str, beside: &str) -> [String; 5] {
    let tables: [(&str, &[&str], usize); 5] = [
        ("users", &USER_COLUMNS, 2),
        ("deliveries", &DELIVERY_COLUMNS, 1),
        ("tenants", &TENANT_COLUMNS, 1),
        ("audit", &AUDIT_COLUMNS, 2),
        ("audit_hours", &HOUR_COLUMNS, 1),
    ];
    tables.map(|(table, columns, keys)| {
        let each = |how: &str, columns: &[&str], join: &str| {
            columns.iter().map(|column| format!("a.{column} {how} b.{column}")).collect::<Vec<_>>().join(join)
        };
        let (same, other) = (each("=", &columns[..keys], " AND "), each("IS DISTINCT FROM", columns, " OR "));
        format!("SELECT count(*) FROM {live}.{table} AS a FULL JOIN {beside}.{table} AS b ON {same} WHERE {other}")
    })
}

/// Every statement there is, in every shape, for a test that prepares them all. Those with many rows in the forms of
/// the sources.
pub fn all(sources: &[Source]) -> Vec<String> {
    let fixed = [CHECKPOINT, SET_CHECKPOINT, COUNT_ADMINS, COUNT_ROWS, SCAN_HOURS];
    let mut texts: Vec<String> = fixed.into_iter().chain(CLEAR).map(str::to_owned).collect();
    texts.extend([user(), delivery(), tenants(), scan_users(), scan_deliveries(), scan_audit()]);
    texts.extend(UserShape::every().iter().map(users));
    texts.extend(DeliveryShape::every().iter().map(deliveries));
    texts.extend(AuditShape::every().iter().map(audit));
    texts.extend(Bulk::every().into_iter().flat_map(|bulk| sources.iter().map(move |source| bulk.text(*source))));
    texts
}
