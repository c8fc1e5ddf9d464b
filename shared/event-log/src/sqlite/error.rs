//! SQLite's errors in the port's terms.

use twofold_sqlite::rusqlite::{Error, ffi};
use twofold_sqlite::{DeskError, is_damaged};

use crate::{OpenError, ReadError};

pub(super) fn read_error(error: &Error) -> ReadError {
    if is_damaged(error) { ReadError::Corrupt(error.to_string()) } else { ReadError::Unavailable(error.to_string()) }
}

pub(super) fn open_error(error: &Error) -> OpenError {
    if is_damaged(error) { OpenError::Schema(error.to_string()) } else { OpenError::Unavailable(error.to_string()) }
}

/// What the file holds cannot be.
pub(super) fn damaged(what: String) -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(what))
}

impl From<DeskError> for ReadError {
    fn from(error: DeskError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
