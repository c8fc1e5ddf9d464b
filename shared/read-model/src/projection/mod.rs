//! The fold from events to rows: pure, total, and the same for live projection, rebuild and comparison.
//!
//! Every `match` over events lists all of them, so a new event breaks the build here (invariant 7).

mod attempt;
mod audit;
mod commit;
mod delivery;
mod details;
mod details_user;
mod messages;
mod suppression;
mod tenant;
mod text;
mod usage;
mod user;
mod working_set;

pub use audit::{About, audit_rows, outcome_kinds};
pub use commit::{decode_commit, fold_commit};
pub use details::{account_details, audit_details, delivery_details, event_details, tenant_details};
pub use usage::{USAGE_HOURS, Usage};
pub use working_set::{Hours, Slot, UserKey, WorkingSet};

pub(crate) use audit::is_tenant_wide;
pub(crate) use text::plain;
pub(crate) use usage::settle as settle_usage;
pub(crate) use user::used_code;
pub(crate) use working_set::{hour, hour_start};
