//! SQLite's errors in the port's terms.

use crate::{OpenError, ReadError};

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>).
const BUSY: u32 = 5;
const CORRUPT: u32 = 11;
const NOT_A_DATABASE: u32 = 26;

/// The primary result code: the low byte of the extended one.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    code.parse::<u32>().ok().map(|extended| extended & 0xff)
}

pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(BUSY)
}

/// Whether SQLite says that the file is no database, or a broken one.
pub(crate) fn is_damaged(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(CORRUPT | NOT_A_DATABASE))
}

pub(super) fn read_error(error: &sqlx::Error) -> ReadError {
    if is_damaged(error) { ReadError::Corrupt(error.to_string()) } else { ReadError::Unavailable(error.to_string()) }
}

pub(super) fn open_error(error: &sqlx::Error) -> OpenError {
    if is_damaged(error) { OpenError::Schema(error.to_string()) } else { OpenError::Unavailable(error.to_string()) }
}
