//! Keys, snapshots and the queue of deliveries on real servers.

mod keys;
mod keys_on_disk;
mod keys_together;
mod keys_under_faults;
mod queue;
mod queue_cost;
mod queue_storm;
mod queue_under_faults;
mod snapshots;
mod support;
mod usage;
