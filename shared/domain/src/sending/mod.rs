//! Protection of money and people: how much may be sent to whom, and when sending is being abused.
//!
//! Totals are counted elsewhere and handed in. What is counted is what was *asked for* and let through, just before the
//! request is appended; what became of it afterwards gives nothing back.

mod conversion;
mod judge;
mod limit;
mod recent;
mod window;

pub use conversion::{Alarm, Conversion, PATIENCE_SECS, Threshold, USED_WITHIN_SECS, WINDOW_SECS};
pub use judge::{Verdict, Withheld, WithheldReason, after_counting, before_counting};
pub use limit::{Counted, Limit, OperatorLimits, Outgoing, limits_of};
pub use window::Window;
