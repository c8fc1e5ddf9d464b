//! Load with a schedule: latency from the moment a request was due, not from when there was time to send it.

mod scenario;

pub use scenario::{BoxFuture, Client, Played, Scenario, Verdict};
