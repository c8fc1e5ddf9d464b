//! The read model over its public interface, with the log in memory.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod dump;
mod events;
mod history;

mod audit_filters;
mod deliveries;
mod details;
mod isolation;
mod paging;
mod projection;
mod random;
mod statements;
mod users;
mod verifying;
