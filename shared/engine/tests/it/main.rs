//! The use cases: concurrency, faults, restarts, tenants. Against the in-memory log unless a test says otherwise.

mod directory;
mod faults;
mod guard;
mod histories;
mod idempotency;
mod nodes;
mod races;
mod reports;
mod snapshots;
mod snapshots_refused;
mod split_log;
mod support;
mod tenants;
mod watched_log;
