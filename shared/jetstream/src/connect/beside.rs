//! A thread for what all requests wait for.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A runtime with one thread of its own: on the threads that answer requests, the connection and whoever appends would wait
/// each time behind all requests that are ready to run, and all of these wait for them. Dropped, it ends what runs on it.
#[derive(Debug)]
pub(super) struct Beside {
    handle: Handle,
    /// Held for its drop only.
    _running: oneshot::Sender<()>,
}

impl Beside {
    pub fn start(name: &str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(ended).is_ok())?;
        Ok(Self { handle, _running: running })
    }

    pub const fn handle(&self) -> &Handle {
        &self.handle
    }
}
