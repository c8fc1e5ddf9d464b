//! The processes behind one address, where there are several.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::eventually;
use super::http::{Connection, request};

/// What is changed at one is in force at all of them within a second; a busy machine may take longer.
const LIMIT: Duration = Duration::from_secs(20);

static BEHIND: Mutex<Vec<(SocketAddr, Vec<SocketAddr>)>> = Mutex::new(Vec::new());

fn behind() -> MutexGuard<'static, Vec<(SocketAddr, Vec<SocketAddr>)>> {
    BEHIND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells of the processes that answer for an address.
#[allow(dead_code, reason = "one process has nobody behind it")]
pub fn stand_behind(address: SocketAddr, nodes: Vec<SocketAddr>) {
    behind().push((address, nodes));
}

/// Waits until every process behind an address knows tenants and keys as of a position. A panel that has changed its
/// settings allows for a second; a test need not know how long that is.
#[track_caller]
pub fn agree(address: SocketAddr, position: u64) {
    let nodes: Vec<SocketAddr> =
        behind().iter().filter(|(front, _)| *front == address).flat_map(|(_, nodes)| nodes.clone()).collect();
    for node in nodes {
        eventually("a process knows the settings", LIMIT, || {
            let answer = Connection::open(node).ok()?.send(&request("GET", "/metrics", &[], b"")).ok()?;
            let text = answer.text();
            let line = text.lines().find_map(|line| line.strip_prefix("twofold_directory_position "))?;
            (line.trim().parse::<u64>().ok()? >= position).then_some(())
        });
    }
}
