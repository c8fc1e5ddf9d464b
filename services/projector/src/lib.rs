//! Keeps a read model up with the event log.
//!
//! Follows the log's head, gathers what comes in into large batches so that the hot path is disturbed seldom, and never
//! skips: what it cannot read stops it, loudly. Deliberately absent: any order other than the log's, any state of its
//! own (the checkpoint is the store's), and more than one batch in flight.

mod observe;
mod options;
mod pumping;
mod run;
mod status;

pub use observe::PageObserver;
pub use options::ProjectorOptions;
pub use pumping::{Brake, PumpingWatch};
pub use run::Projector;
pub use status::{Halt, ProjectorStatus};
