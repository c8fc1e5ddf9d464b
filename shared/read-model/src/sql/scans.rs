//! All rows, whatever their tenant: for comparisons only.

use super::{
    ATTEMPT_COLUMNS, AUDIT_COLUMNS, DELIVERY_COLUMNS, HOUR_COLUMNS, SUPPRESSION_COLUMNS, TENANT_COLUMNS, USAGE_COLUMNS,
    USAGE_KEYS, USER_COLUMNS,
};

/// How many rows a comparison has to hold.
pub const COUNT_ROWS: &str = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM deliveries) \
    + (SELECT count(*) FROM delivery_attempts)";

/// All hours.
pub const SCAN_HOURS: &str = "SELECT hour, first_seq, last_seq FROM audit_hours ORDER BY hour";

/// The rows behind a key, in the order of the keys, up to a limit. Values: the key's, then the limit.
fn scan(table: &str, columns: &[&str], key: &[&str]) -> String {
    let values: Vec<_> = (1..=key.len()).map(|n| format!("${n}")).collect();
    let (columns, values, limit, key) = (columns.join(", "), values.join(", "), key.len() + 1, key.join(", "));
    format!("SELECT {columns} FROM {table} WHERE ({key}) > ({values}) ORDER BY {key} LIMIT ${limit}")
}

/// All users.
pub fn scan_users() -> String {
    scan("users", &USER_COLUMNS, &USER_COLUMNS[..2])
}

/// All messages.
pub fn scan_deliveries() -> String {
    scan("deliveries", &DELIVERY_COLUMNS, &DELIVERY_COLUMNS[..1])
}

/// All ledgers.
pub fn scan_attempts() -> String {
    scan("delivery_attempts", &ATTEMPT_COLUMNS, &ATTEMPT_COLUMNS[..3])
}

/// All figures.
pub fn scan_usage() -> String {
    scan("delivery_usage", &USAGE_COLUMNS, &USAGE_KEYS)
}

/// All destinations that are or were on a list.
pub fn scan_suppressions() -> String {
    scan("suppressions", &SUPPRESSION_COLUMNS, &SUPPRESSION_COLUMNS[..2])
}

/// The whole audit.
pub fn scan_audit() -> String {
    scan("audit", &AUDIT_COLUMNS, &AUDIT_COLUMNS[..2])
}

/// How many rows differ between the tables of two schemas; a row that only one has differs.
pub fn differences(live: &str, beside: &str) -> [String; 8] {
    let tables: [(&str, &[&str], usize); 8] = [
        ("users", &USER_COLUMNS, 2),
        ("deliveries", &DELIVERY_COLUMNS, 1),
        ("delivery_attempts", &ATTEMPT_COLUMNS, 3),
        ("delivery_usage", &USAGE_COLUMNS, USAGE_KEYS.len()),
        ("suppressions", &SUPPRESSION_COLUMNS, 2),
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
