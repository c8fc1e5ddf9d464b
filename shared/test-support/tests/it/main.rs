//! The harness itself: what other tests rely on.

#![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]

mod fault_proxy;
mod nats;
mod orphans;
mod postgres;

use std::time::{Duration, Instant};
use std::{fs, thread};

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(2);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A dead process may stay in the table for want of a parent that asks.
fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
