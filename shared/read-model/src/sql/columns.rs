//! Columns, in the order in which rows are read and written.

/// Columns of a user, in the order in which rows are read and written.
pub const USER_COLUMNS: [&str; 23] = [
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
    "audit_seq",
];

/// Columns of a user that events other than the panel's own words about him need or change.
pub const USER_STATE_COLUMNS: [&str; 17] = [
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
    "audit_seq",
];

/// How many of [`USER_STATE_COLUMNS`], from the first on, such events leave alone.
pub const USER_STATE_FIXED: usize = 6;

/// Columns of a message.
pub const DELIVERY_COLUMNS: [&str; 22] = [
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
    "provider",
    "provider_id",
    "cause",
    "country",
    "prefix",
    "accepted_at",
    "delivered_at",
    "used_at",
    "request_seq",
    "position",
];

/// Columns of an entry of a ledger.
pub const ATTEMPT_COLUMNS: [&str; 10] =
    ["message", "seq", "idx", "tenant", "at", "result", "attempt", "provider", "provider_id", "cause"];

/// Columns that say what messages counted together have in common.
pub const USAGE_KEYS: [&str; 7] = ["hour", "tenant", "mode", "channel", "provider", "country", "prefix"];

/// Columns that are counts and sums.
pub const USAGE_COUNTS: [&str; 8] =
    ["requested", "accepted", "delivered", "bounced", "dead", "expired", "used", "latency_ms"];

/// Columns of figures: [`USAGE_KEYS`], then [`USAGE_COUNTS`].
pub const USAGE_COLUMNS: [&str; 15] = [
    "hour",
    "tenant",
    "mode",
    "channel",
    "provider",
    "country",
    "prefix",
    "requested",
    "accepted",
    "delivered",
    "bounced",
    "dead",
    "expired",
    "used",
    "latency_ms",
];

/// Columns of a destination that nothing is sent to.
pub const SUPPRESSION_COLUMNS: [&str; 8] =
    ["tenant", "destination", "channel", "cause", "message", "since", "released_at", "position"];

/// Columns of a tenant.
pub const TENANT_COLUMNS: [&str; 6] = ["tenant", "name", "preset", "created_at", "suspended", "position"];

/// Columns of an audit row.
pub const AUDIT_COLUMNS: [&str; 15] = [
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
    "user_prev",
];

/// Columns of an hour.
pub const HOUR_COLUMNS: [&str; 3] = ["hour", "first_seq", "last_seq"];
