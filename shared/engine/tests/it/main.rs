//! The use cases against the in-memory log: concurrency, faults, restarts, tenants.

mod faults;
mod idempotency;
mod races;
mod support;
mod tenants;
