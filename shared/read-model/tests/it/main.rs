//! The read model over its public interface, with the log in memory.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod dump;
mod events;
mod fresh;
mod history;

mod audit_chain;
mod audit_filters;
mod deliveries;
mod details;
mod isolation;
mod odd_texts;
mod paging;
mod postgres;
mod projection;
mod random;
mod rebuilding;
mod statements;
mod upgrade;
mod usage;
mod users;
mod verifying;
