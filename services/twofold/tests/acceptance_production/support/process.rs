//! One process of the product.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::clock::eventually;
use crate::support::http::{Connection, request};

const START_LIMIT: Duration = Duration::from_mins(1);
/// How the program says where it listens.
const TOLD: &str = "address=";

/// A process with one role; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it, without waiting.
    pub fn start(mut command: Command, role: &str, log: PathBuf) -> Self {
        let out = File::create(&log).expect("a log");
        let errors = out.try_clone().expect("the same log");
        let child =
            command.args([role, "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(out).stderr(errors).spawn();
        Self { child: child.expect("started"), log }
    }

    /// Waits until it says that it is ready, and gives its address.
    #[track_caller]
    pub fn ready(&mut self) -> SocketAddr {
        let address: SocketAddr = eventually("a process says where it listens", START_LIMIT, || {
            self.must_run();
            let log = fs::read_to_string(&self.log).ok()?;
            let (_, rest) = log.split_once(TOLD)?;
            rest.split_once(' ')?.0.parse().ok()
        });
        eventually("a process is ready", START_LIMIT, || {
            self.must_run();
            let answer = Connection::open(address).ok()?.send(&request("GET", "/readyz", &[], b"")).ok()?;
            (answer.status == 200).then_some(())
        });
        address
    }

    #[track_caller]
    fn must_run(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("a process ended: {status}\n{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
