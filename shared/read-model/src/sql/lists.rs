//! Lists of users: one statement for every combination of filters, so that each uses its index.

use super::{Numbers, USER_COLUMNS};

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
