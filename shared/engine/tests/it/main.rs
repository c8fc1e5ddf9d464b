//! The use cases against the in-memory log: concurrency, faults, restarts, tenants.

mod directory;
mod faults;
mod guard;
mod histories;
mod idempotency;
mod nodes;
mod races;
mod snapshots;
mod snapshots_refused;
mod support;
mod tenants;
mod watched_log;
