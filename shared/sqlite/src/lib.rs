//! SQLite files whose connections live on threads of their own.
//!
//! A call of SQLite takes microseconds or waits for the disk; neither belongs on the threads that answer requests. And a
//! task that has to be woken between two statements waits each time behind all requests that are ready to run: work is
//! therefore handed over whole, many statements at a time, and only its outcome comes back.

mod desk;
mod error;
mod file;
mod patience;

pub use desk::{Desk, DeskError};
pub use error::{is_busy, is_damaged};
pub use file::{File, Synchronous, create_private};
pub use patience::give_way;
pub use rusqlite;
