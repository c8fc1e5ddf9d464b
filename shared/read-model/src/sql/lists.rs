//! Lists of users and messages: one statement for every combination of filters, so that each uses its index.

use super::{DELIVERY_COLUMNS, Numbers, USER_COLUMNS};

/// Which filters of users are set.
///
/// Values: tenant, mode, after (token), limit, then those of the filters in the order of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct UserShape {
    /// Account.
    pub account: bool,
    /// How many methods.
    pub methods: usize,
    /// In force or not.
    pub enabled: Option<bool>,
    /// Locked or not, with the instant.
    pub locked: Option<bool>,
}

/// A page of users.
pub fn users(shape: &UserShape) -> String {
    let mut values = Numbers::from(5);
    // `|| ''` keeps a condition from being taken for an index that does not yield the order.
    let mode = if shape.account { "(mode || '') = $2" } else { "mode = $2" };
    let mut conditions = vec!["tenant = $1".to_owned(), mode.to_owned(), "user_token > $3".to_owned()];
    if shape.account {
        conditions.push(format!("account = {}", values.next()));
    }
    if shape.methods > 0 {
        let any: Vec<_> = (0..shape.methods).map(|_| format!("methods LIKE {}", values.next())).collect();
        conditions.push(format!("({})", any.join(" OR ")));
    }
    match shape.enabled {
        Some(true) => conditions.push("enabled_at IS NOT NULL".to_owned()),
        Some(false) => conditions.push("enabled_at IS NULL".to_owned()),
        None => {}
    }
    match shape.locked {
        Some(true) => conditions.push(format!("locked_until > {}", values.next())),
        Some(false) => conditions.push(format!("(locked_until IS NULL OR locked_until <= {})", values.next())),
        None => {}
    }
    let (columns, conditions) = (USER_COLUMNS.join(", "), conditions.join(" AND "));
    format!("SELECT {columns} FROM users WHERE {conditions} ORDER BY user_token LIMIT $4")
}

impl UserShape {
    /// Every combination.
    pub fn every() -> Vec<Self> {
        let mut shapes = Vec::new();
        for account in [false, true] {
            for methods in 0..=3 {
                for enabled in [None, Some(false), Some(true)] {
                    for locked in [None, Some(false), Some(true)] {
                        shapes.push(Self { account, methods, enabled, locked });
                    }
                }
            }
        }
        shapes
    }
}

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
    /// Backwards.
    pub newest_first: bool,
}

/// A page of messages.
pub fn deliveries(shape: &DeliveryShape) -> String {
    let (beyond, order) = if shape.newest_first { ("<", " DESC") } else { (">", "") };
    let (mode, status) = if shape.user { ("(mode || '')", "(status || '')") } else { ("mode", "status") };
    let mut values = Numbers::from(5);
    let mut conditions = vec!["tenant = $1".to_owned(), format!("{mode} = $2"), format!("request_seq {beyond} $3")];
    for (column, set) in [("user_token", shape.user), (status, shape.status), ("channel", shape.channel)] {
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
        let shape = |n| Self { user: bit(n, 0), status: bit(n, 1), channel: bit(n, 2), newest_first: bit(n, 3) };
        (0..16).map(shape).collect()
    }
}
