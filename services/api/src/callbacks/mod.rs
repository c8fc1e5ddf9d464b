//! Providers' callbacks as a whole: how many were believed, and which sources have sent too many that were not.

mod counts;
mod limit;

pub use counts::{CallbackCounts, CallbackEnd};
pub use limit::{RefusedCallbacks, Source};
