//! What SQLite's errors mean.

use rusqlite::{Error, ErrorCode};

/// Whether another connection holds the file up.
pub fn is_busy(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Whether SQLite says that the file is no database, or a broken one.
pub fn is_damaged(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
