//! The projector over a log in memory and a read model in a file.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod support;

mod follow;
mod halt;
mod pumping;
