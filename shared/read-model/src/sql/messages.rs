//! Lists of messages, their ledgers, and suppressed destinations.

use super::{ATTEMPT_COLUMNS, DELIVERY_COLUMNS, Numbers, SUPPRESSION_COLUMNS};

/// Which filters of messages are set.
///
/// Values: tenant, mode, after (position), limit, then those of the filters in the order of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for one condition")]
pub struct DeliveryShape {
    /// User.
    pub user: bool,
    /// Status.
    pub status: bool,
    /// Channel.
    pub channel: bool,
    /// Provider.
    pub provider: bool,
    /// Country.
    pub country: bool,
    /// Backwards.
    pub newest_first: bool,
}

/// A page of messages.
pub fn deliveries(shape: &DeliveryShape) -> String {
    let (beyond, order) = if shape.newest_first { ("<", " DESC") } else { (">", "") };
    // `|| ''` keeps a condition from being taken for an index that is not the leading one.
    let (mode, status) = if shape.user { ("(mode || '')", "(status || '')") } else { ("mode", "status") };
    let mut values = Numbers::from(5);
    let mut conditions = vec!["tenant = $1".to_owned(), format!("{mode} = $2"), format!("request_seq {beyond} $3")];
    let filters = [
        ("user_token", shape.user),
        (status, shape.status),
        ("channel", shape.channel),
        ("provider", shape.provider),
        ("country", shape.country),
    ];
    for (column, set) in filters {
        if set {
            conditions.push(format!("{column} = {}", values.next()));
        }
    }
    let (columns, conditions) = (DELIVERY_COLUMNS.join(", "), conditions.join(" AND "));
    format!("SELECT {columns} FROM deliveries WHERE {conditions} ORDER BY request_seq{order} LIMIT $4")
}

impl DeliveryShape {
    /// Every combination.
    pub fn every() -> Vec<Self> {
        let bit = |number: u8, place: u8| number >> place & 1 == 1;
        let shape = |n| Self {
            user: bit(n, 0),
            status: bit(n, 1),
            channel: bit(n, 2),
            provider: bit(n, 3),
            country: bit(n, 4),
            newest_first: bit(n, 5),
        };
        (0..64).map(shape).collect()
    }
}

/// One message of a tenant.
pub fn delivery() -> String {
    format!("SELECT {} FROM deliveries WHERE message = $1 AND tenant = $2", DELIVERY_COLUMNS.join(", "))
}

/// Dead messages, newest first. Values: before (position), limit, and the tenant unless those of all are asked for.
pub fn dead_letters(of_tenant: bool) -> String {
    let tenant = if of_tenant { " AND tenant = $3" } else { "" };
    let columns = DELIVERY_COLUMNS.join(", ");
    // The first condition is the indexes' own, word for word.
    format!(
        "SELECT {columns} FROM deliveries WHERE status = 'dead' AND request_seq < $1{tenant} \
         ORDER BY request_seq DESC LIMIT $2"
    )
}

/// The ledger of a message of a tenant.
pub fn attempts() -> String {
    let columns = ATTEMPT_COLUMNS.join(", ");
    format!("SELECT {columns} FROM delivery_attempts WHERE message = $1 AND tenant = $2 ORDER BY seq, idx LIMIT $3")
}

/// Destinations on a tenant's list, newest first. Values: tenant, before (position), limit.
pub fn suppressions() -> String {
    let columns = SUPPRESSION_COLUMNS.join(", ");
    format!(
        "SELECT {columns} FROM suppressions WHERE tenant = $1 AND position < $2 AND released_at IS NULL \
         ORDER BY position DESC LIMIT $3"
    )
}
