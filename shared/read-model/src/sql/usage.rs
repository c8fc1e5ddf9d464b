//! Figures of deliveries.

use super::{USAGE_COUNTS, USAGE_KEYS};

/// Which members of the key are told apart.
///
/// Values: since (hour), limit, and the tenant unless those of all are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct UsageShape {
    /// In the order of [`USAGE_KEYS`].
    pub by: [bool; USAGE_KEYS.len()],
    /// Only those of one tenant.
    pub of_tenant: bool,
}

/// Sums over what is not told apart, those of the most messages first. Absent members of the key are NULL.
pub fn delivery_stats(shape: &UsageShape) -> String {
    let keys: Vec<_> = USAGE_KEYS.into_iter().zip(shape.by).collect();
    let columns = keys.iter().map(|(key, by)| match (*by, *key) {
        (true, key) => key.to_owned(),
        (false, "hour") => "CAST(NULL AS BIGINT)".to_owned(),
        (false, _) => "CAST(NULL AS TEXT)".to_owned(),
    });
    // A sum of integers is not always one.
    let sums = USAGE_COUNTS.iter().map(|column| format!("CAST(sum({column}) AS BIGINT)"));
    let columns: Vec<_> = columns.chain(sums).collect();
    let by: Vec<_> = keys.iter().filter(|(_, by)| *by).map(|(key, _)| *key).collect();
    let tenant = if shape.of_tenant { " AND tenant = $3" } else { "" };
    let group = if by.is_empty() { " HAVING count(*) > 0".to_owned() } else { format!(" GROUP BY {}", by.join(", ")) };
    let order: Vec<_> = std::iter::once("sum(requested) DESC").chain(by).collect();
    format!(
        "SELECT {} FROM delivery_usage WHERE hour >= $1{tenant}{group} ORDER BY {} LIMIT $2",
        columns.join(", "),
        order.join(", ")
    )
}

impl UsageShape {
    /// Every combination.
    pub fn every() -> Vec<Self> {
        let bit = |number: usize, place: usize| number >> place & 1 == 1;
        let shape = |n| Self { by: std::array::from_fn(|place| bit(n, place)), of_tenant: bit(n, USAGE_KEYS.len()) };
        (0..1 << (USAGE_KEYS.len() + 1)).map(shape).collect()
    }
}

/// Removes figures that have come to nothing, within hours (both included): those that a batch has changed.
pub const DROP_EMPTY_USAGE: &str = "DELETE FROM delivery_usage WHERE hour >= $1 AND hour <= $2 AND requested = 0";

/// Removes figures older than so many hours, counted back from the newest hour of the log: what is kept depends on the
/// log alone, and so is the same after a rebuild.
pub const PRUNE_USAGE: &str = "DELETE FROM delivery_usage WHERE hour < (SELECT max(hour) FROM audit_hours) - $1";
