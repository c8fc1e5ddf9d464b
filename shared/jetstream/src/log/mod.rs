//! The event log in one stream.
//!
//! Every message carries the position its writer expects to be its subject's last, so the server orders appends and
//! refuses what came too late. An answer that stays away is looked up in the stream itself. See docs/decisions/0008
//! and 0009.

mod appender;
mod category;
mod config_index;
mod direct;
mod entry;
mod follow;
mod gather;
mod handle;
mod kept;
mod leader;
mod ledger;
mod options;
mod read;
mod request;
mod resolve;
mod round;
mod settle;
mod stream;

use tokio::sync::{Semaphore, watch};
use twofold_event_log::Seq;

pub use handle::JetStreamLog;
pub use options::JetStreamLogOptions;
use stream::Stream;

/// What the tasks of one handle share.
#[derive(Debug)]
struct Core {
    stream: Stream,
    options: JetStreamLogOptions,
    head: watch::Sender<Seq>,
    kept: kept::Kept,
    /// Groups looked up at the same time, so that the end of an outage is no stampede.
    looks: Semaphore,
}
