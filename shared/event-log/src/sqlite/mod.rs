//! The log in one SQLite file.
//!
//! One thread writes: whatever waits is stored in one transaction, and only its commit is answered, so a busy log costs
//! one fsync for many appends and an idle one costs no waiting. Readers have connections of their own. Other
//! processes may use the same file: every decision is made under SQLite's write lock, from what the file then holds.
//! Each commit names its predecessor, and `heads` knows where subjects end.

mod batch;
mod error;
mod follow;
mod handle;
mod heads;
mod open;
mod options;
mod plan;
mod read;
mod recent;
mod tidy;
mod transaction;
mod writer;

pub use handle::SqliteLog;
pub use options::SqliteLogOptions;
