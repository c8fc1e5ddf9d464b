//! How the stream, the buckets and the consumers are set up: one description, from which `init` makes them and with which
//! `check` compares them.

mod api;
mod compare;
mod describe;

pub(crate) use api::{Api, ApiError, StreamInfo};
pub use compare::Difference;
pub(crate) use compare::{Remedy, differences, set};
pub(crate) use describe::{
    MASTER, PARTITIONS, PERSIST_MODE, Part, SCHEMA, SCHEMA_VERSION, consumer_part, keys_part, log_part, snapshots_part,
    usage_part,
};
