//! Comparing the tables with the log: folds it again in memory, up to the checkpoint, and lists what differs.
//!
//! Memory is bounded by folding in passes: each pass keeps the rows of one share of the users and messages only. The
//! audit is compared by sums of row hashes, which do not depend on the order in which the passes meet the rows. The chains
//! of the users are put together from the stored rows, which those sums vouch for.

mod chain;
mod compare;
mod digest;
mod messages;
mod passes;
mod report;

pub use passes::{VerifyOptions, verify, verify_with};
pub use report::{Difference, VerifyReport};
