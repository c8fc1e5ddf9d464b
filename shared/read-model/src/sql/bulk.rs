//! Statements with many rows, in a few fixed sizes so that prepared ones are found again.

use super::{
    ATTEMPT_COLUMNS, AUDIT_COLUMNS, DELIVERY_COLUMNS, HOUR_COLUMNS, SUPPRESSION_COLUMNS, TENANT_COLUMNS, USAGE_COLUMNS,
    USAGE_COUNTS, USAGE_KEYS, USER_COLUMNS, USER_STATE_COLUMNS, USER_STATE_FIXED,
};

/// Rows of one list: as many of the largest as fit, then of the next; a full batch is two. Far below SQLite's limit of
/// 32,766 values.
pub const CHUNKS: [usize; 5] = [500, 100, 20, 4, 1];

/// Where a statement's many rows come from: the one difference between the databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A list of so many rows, each value a `?` by position: SQLite, which looks every named value up in a list, and that
    /// is quadratic in a statement's values.
    List(usize),
    /// An array for each column, `$1`, `$2`, ...: PostgreSQL, which takes one statement for any number of rows and has
    /// as many values to describe and to plan for as there are columns.
    Arrays,
}

/// A statement with many rows.
#[derive(Debug, Clone, Copy)]
pub struct Bulk {
    before: fn() -> String,
    after: fn() -> String,
    /// Columns of one row.
    pub columns: &'static [&'static str],
}

impl Bulk {
    /// The statement.
    pub fn text(self, source: Source) -> String {
        let rows = match source {
            Source::List(rows) => {
                let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
                format!("VALUES {}", vec![row; rows].join(", "))
            }
            Source::Arrays => {
                let arrays =
                    self.columns.iter().zip(1..).map(|(column, n)| format!("CAST(${n} AS {}[])", kind(column)));
                let names: Vec<_> = (1..=self.columns.len()).map(|n| format!("column{n}")).collect();
                let arrays = arrays.collect::<Vec<_>>().join(", ");
                format!("SELECT * FROM unnest({arrays}) AS u ({})", names.join(", "))
            }
        };
        format!("{}{rows}{}", (self.before)(), (self.after)())
    }

    /// Every one.
    pub fn every() -> [Self; 13] {
        [
            users_load(),
            users_upsert(),
            users_update(),
            deliveries_load(),
            deliveries_upsert(),
            attempts_insert(),
            usage_add(),
            suppressions_load(),
            suppressions_upsert(),
            tenants_load(),
            tenants_upsert(),
            audit_insert(),
            hours_upsert(),
        ]
    }
}

/// The type of a column, whichever table it is in.
fn kind(column: &str) -> &'static str {
    if BYTES.contains(&column) {
        "BYTEA"
    } else if NUMBERS.contains(&column) {
        "BIGINT"
    } else {
        "TEXT"
    }
}

const BYTES: [&str; 5] = ["account_panel_id", "panel_id", "email", "phone", "private"];

const NUMBERS: [&str; 39] = [
    "accepted",
    "accepted_at",
    "at",
    "attempt",
    "attempts",
    "audit_seq",
    "bounced",
    "created_at",
    "dead",
    "delivered",
    "delivered_at",
    "enabled_at",
    "erased",
    "expired",
    "expires_at",
    "first_seq",
    "hour",
    "idx",
    "last_failed_at",
    "last_seq",
    "last_verified_at",
    "latency_ms",
    "locked_until",
    "may_toggle",
    "position",
    "recovery_left",
    "registered_at",
    "released_at",
    "request_seq",
    "requested",
    "requested_at",
    "seq",
    "since",
    "suspended",
    "updated_at",
    "use_2fa",
    "used",
    "used_at",
    "user_prev",
];

fn insert(table: &str, columns: &[&str]) -> String {
    format!("INSERT INTO {table} ({}) ", columns.join(", "))
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
            format!("SELECT string_agg({}, ';') FROM (", texts.collect::<Vec<_>>().join(" || ' ' || "))
        },
        after: || ") AS v JOIN users ON users.tenant = v.column1 AND users.user_token = v.column2".to_owned(),
        columns: &["tenant", "user_token"],
    }
}

/// Whole users, new or known.
pub fn users_upsert() -> Bulk {
    Bulk {
        before: || insert("users", &USER_COLUMNS),
        after: || on_conflict("tenant, user_token", &USER_COLUMNS[2..]),
        columns: &USER_COLUMNS,
    }
}

/// Known users, only what ordinary events change: leaves all indexes but the one of locks alone. Never inserts; the
/// few fixed columns are there because an insert without them would not be one.
pub fn users_update() -> Bulk {
    Bulk {
        before: || insert("users", &USER_STATE_COLUMNS),
        after: || on_conflict("tenant, user_token", &USER_STATE_COLUMNS[USER_STATE_FIXED..]),
        columns: &USER_STATE_COLUMNS,
    }
}

/// What a list of keys, as `v`, is joined to.
fn select(table: &str, columns: &[&str]) -> String {
    let columns: Vec<_> = columns.iter().map(|column| format!("{table}.{column}")).collect();
    format!("SELECT {} FROM (", columns.join(", "))
}

/// Messages by id.
pub fn deliveries_load() -> Bulk {
    Bulk {
        before: || select("deliveries", &DELIVERY_COLUMNS),
        after: || ") AS v JOIN deliveries ON deliveries.message = v.column1".to_owned(),
        columns: &["message"],
    }
}

/// Messages, new or known.
pub fn deliveries_upsert() -> Bulk {
    Bulk {
        before: || insert("deliveries", &DELIVERY_COLUMNS),
        after: || on_conflict("message", &DELIVERY_CHANGING),
        columns: &DELIVERY_COLUMNS,
    }
}

/// Columns of a message that its ledger changes.
const DELIVERY_CHANGING: [&str; 12] = [
    "status",
    "updated_at",
    "attempts",
    "provider",
    "provider_id",
    "cause",
    "country",
    "prefix",
    "accepted_at",
    "delivered_at",
    "used_at",
    "position",
];

/// New entries of ledgers. An entry that is there already is a defect and fails.
pub fn attempts_insert() -> Bulk {
    Bulk { before: || insert("delivery_attempts", &ATTEMPT_COLUMNS), after: String::new, columns: &ATTEMPT_COLUMNS }
}

/// Adds to figures.
pub fn usage_add() -> Bulk {
    Bulk {
        before: || insert("delivery_usage", &USAGE_COLUMNS),
        after: || {
            let sums = USAGE_COUNTS.map(|column| format!("{column} = delivery_usage.{column} + excluded.{column}"));
            format!(" ON CONFLICT ({}) DO UPDATE SET {}", USAGE_KEYS.join(", "), sums.join(", "))
        },
        columns: &USAGE_COLUMNS,
    }
}

/// Destinations by tenant and hash.
pub fn suppressions_load() -> Bulk {
    Bulk {
        before: || select("suppressions", &SUPPRESSION_COLUMNS),
        after: || {
            ") AS v JOIN suppressions ON suppressions.tenant = v.column1 AND suppressions.destination = v.column2"
                .to_owned()
        },
        columns: &["tenant", "destination"],
    }
}

/// Destinations, new or known.
pub fn suppressions_upsert() -> Bulk {
    Bulk {
        before: || insert("suppressions", &SUPPRESSION_COLUMNS),
        after: || on_conflict("tenant, destination", &SUPPRESSION_COLUMNS[2..]),
        columns: &SUPPRESSION_COLUMNS,
    }
}

/// Tenants by id.
pub fn tenants_load() -> Bulk {
    Bulk {
        before: || select("tenants", &TENANT_COLUMNS),
        after: || ") AS v JOIN tenants ON tenants.tenant = v.column1".to_owned(),
        columns: &["tenant"],
    }
}

/// Tenants, new or known.
pub fn tenants_upsert() -> Bulk {
    Bulk {
        before: || insert("tenants", &TENANT_COLUMNS),
        after: || on_conflict("tenant", &TENANT_COLUMNS[1..]),
        columns: &TENANT_COLUMNS,
    }
}

/// New audit rows. A row that is there already is a defect and fails.
pub fn audit_insert() -> Bulk {
    Bulk { before: || insert("audit", &AUDIT_COLUMNS), after: String::new, columns: &AUDIT_COLUMNS }
}

/// Widens hours. Commits come in order, so a known hour only grows at its end.
pub fn hours_upsert() -> Bulk {
    Bulk {
        before: || insert("audit_hours", &HOUR_COLUMNS),
        after: || on_conflict("hour", &["last_seq"]),
        columns: &HOUR_COLUMNS,
    }
}
