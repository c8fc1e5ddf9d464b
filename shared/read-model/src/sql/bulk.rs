//! Statements with many rows, in a few fixed sizes so that prepared ones are found again.

use super::{AUDIT_COLUMNS, DELIVERY_COLUMNS, TENANT_COLUMNS, USER_COLUMNS, USER_STATE_COLUMNS, USER_STATE_FIXED};

/// Rows of one statement: as many of the largest as fit, then of the next; a full batch is two. Far below the limits of
/// SQLite (32,766 values) and PostgreSQL (65,535).
pub const CHUNKS: [usize; 5] = [500, 100, 20, 4, 1];

/// How the values of many rows are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholders {
    /// `$1`, `$2`, ...: PostgreSQL.
    Numbered,
    /// `?` by position: SQLite looks every named value up in a list, which is quadratic in a statement's values.
    Positional,
}

/// A statement with many rows.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    before: fn() -> String,
    after: fn() -> String,
    /// Values of one row.
    pub columns: usize,
}

impl Bulk {
    /// The statement for a number of rows.
    pub fn text(self, placeholders: Placeholders, rows: usize) -> String {
        let mut text = (self.before)();
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..self.columns {
                if column > 0 {
                    text.push_str(", ");
                }
                match placeholders {
                    Placeholders::Numbered => {
                        text.push('$');
                        text.push_str(&(row * self.columns + column + 1).to_string());
                    }
                    Placeholders::Positional => text.push('?'),
                }
            }
            text.push(')');
        }
        text.push_str(&(self.after)());
        text
    }

    /// Every one.
    pub fn every() -> [Self; 9] {
        [
            users_load(),
            users_upsert(),
            users_update(),
            deliveries_load(),
            deliveries_upsert(),
            tenants_load(),
            tenants_upsert(),
            audit_insert(),
            hours_upsert(),
        ]
    }
}

fn insert(table: &str, columns: &[&str]) -> String {
    format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "))
}

fn on_conflict(key: &str, columns: &[&str]) -> String {
    let set: Vec<_> = columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    format!(" ON CONFLICT ({key}) DO UPDATE SET {}", set.join(", "))
}

/// Known users by key, without what only a panel tells: [`USER_STATE_COLUMNS`] as texts, absent ones empty, with a
/// blank between columns and a `;` between users, neither of which occurs in them. One row for all, because a driver
/// that hands rows from thread to thread one by one spends more on that than on the query. A join, because SQLite
/// builds a temporary index for a list after `IN`.
pub fn users_load() -> Bulk {
    Bulk {
        before: || {
            let texts = USER_STATE_COLUMNS.iter().map(|column| format!("coalesce(CAST(users.{column} AS TEXT), '')"));
            format!("SELECT string_agg({}, ';') FROM (VALUES ", texts.collect::<Vec<_>>().join(" || ' ' || "))
        },
        after: || ") AS v JOIN users ON users.tenant = v.column1 AND users.user_token = v.column2".to_owned(),
        columns: 2,
    }
}

/// Whole users, new or known.
pub fn users_upsert() -> Bulk {
    Bulk {
        before: || insert("users", &USER_COLUMNS),
        after: || on_conflict("tenant, user_token", &USER_COLUMNS[2..]),
        columns: USER_COLUMNS.len(),
    }
}

/// Known users, only what ordinary events change: leaves all indexes but the one of locks alone. Never inserts; the
/// few fixed columns are there because an insert without them would not be one.
pub fn users_update() -> Bulk {
    Bulk {
        before: || insert("users", &USER_STATE_COLUMNS),
        after: || on_conflict("tenant, user_token", &USER_STATE_COLUMNS[USER_STATE_FIXED..]),
        columns: USER_STATE_COLUMNS.len(),
    }
}

/// Messages by id.
pub fn deliveries_load() -> Bulk {
    Bulk {
        before: || {
            let columns: Vec<_> = DELIVERY_COLUMNS.iter().map(|column| format!("deliveries.{column}")).collect();
            format!("SELECT {} FROM (VALUES ", columns.join(", "))
        },
        after: || ") AS v JOIN deliveries ON deliveries.message = v.column1".to_owned(),
        columns: 1,
    }
}

/// Messages, new or known.
pub fn deliveries_upsert() -> Bulk {
    Bulk {
        before: || insert("deliveries", &DELIVERY_COLUMNS),
        after: || on_conflict("message", &["status", "updated_at", "attempts", "provider_id", "cause", "position"]),
        columns: DELIVERY_COLUMNS.len(),
    }
}

/// Tenants by id.
pub fn tenants_load() -> Bulk {
    Bulk {
        before: || {
            let columns: Vec<_> = TENANT_COLUMNS.iter().map(|column| format!("tenants.{column}")).collect();
            format!("SELECT {} FROM (VALUES ", columns.join(", "))
        },
        after: || ") AS v JOIN tenants ON tenants.tenant = v.column1".to_owned(),
        columns: 1,
    }
}

/// Tenants, new or known.
pub fn tenants_upsert() -> Bulk {
    Bulk {
        before: || insert("tenants", &TENANT_COLUMNS),
        after: || on_conflict("tenant", &TENANT_COLUMNS[1..]),
        columns: TENANT_COLUMNS.len(),
    }
}

/// New audit rows. A row that is there already is a defect and fails.
pub fn audit_insert() -> Bulk {
    Bulk { before: || insert("audit", &AUDIT_COLUMNS), after: String::new, columns: AUDIT_COLUMNS.len() }
}

/// Widens hours. Commits come in order, so a known hour only grows at its end.
pub fn hours_upsert() -> Bulk {
    Bulk {
        before: || insert("audit_hours", &["hour", "first_seq", "last_seq"]),
        after: || on_conflict("hour", &["last_seq"]),
        columns: 3,
    }
}
