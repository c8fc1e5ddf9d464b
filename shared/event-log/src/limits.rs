//! Limits that hold for every adapter, so that a log can be moved from one to another.

/// Commits of one group.
pub const MAX_GROUP_COMMITS: usize = 8;

/// Bytes of one payload. A quarter of the largest message a NATS server takes by default.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;

/// Bytes of all payloads of one group.
pub const MAX_GROUP_BYTES: usize = 1024 * 1024;

/// Commits of one read. A larger limit is cut to this one, so a full page may be shorter than asked for.
pub const MAX_READ_COMMITS: usize = 1_000;

/// Bytes of one subject.
pub const MAX_SUBJECT_BYTES: usize = 160;
