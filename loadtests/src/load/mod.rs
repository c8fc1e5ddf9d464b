//! Load with a schedule: latency from the moment a request was due, not from when there was time to send it.

mod engine;
mod latencies;
mod live;
#[cfg(test)]
pub(crate) mod made_up;
mod output;
mod plan;
mod recorder;
mod run;
mod scenario;
mod sweep;
#[cfg(test)]
mod tests;
mod timetable;

pub use engine::run;
pub use latencies::Latencies;
pub use output::{
    Axis, Bar, Bars, Chart, Curve, Outputs, Scale, by_throughput, csv, percentiles, put, read_json, table, write_json,
};
pub use plan::{Pace, Plan};
pub use run::{Count, Machine, Run, Schedule, Second, Versions};
pub use scenario::{BoxFuture, Client, Played, Scenario, Verdict};
pub(crate) use sweep::part;
pub use sweep::{Sweep, sweep};
