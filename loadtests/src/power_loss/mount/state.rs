//! What the threads that serve requests share.

use std::collections::HashMap;
use std::time::Duration;

use fuser::Errno;
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::super::disk::{Damage, Disk, Node, Survival};
use super::attributes::Owner;
use crate::random::Dice;

/// Whether requests are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    /// They wait: a machine without power answers nothing, not even an error.
    Cut,
    /// Their senders are dead; any answer will do.
    Buried,
}

/// The disk and what belongs to it.
#[derive(Debug)]
pub struct State {
    inner: Mutex<Inner>,
    power_changed: Condvar,
    sync_takes: Duration,
}

/// Under the lock.
#[derive(Debug)]
pub struct Inner {
    /// Names and bytes.
    pub disk: Disk,
    /// Who made a node, and its permissions; kept when the power fails.
    pub owners: HashMap<Node, Owner>,
    power: Power,
}

impl State {
    /// An empty disk with its power on.
    pub fn new(sync_takes: Duration) -> Self {
        let inner = Inner { disk: Disk::new(), owners: HashMap::new(), power: Power::On };
        Self { inner: Mutex::new(inner), power_changed: Condvar::new(), sync_takes }
    }

    /// How long a sync takes.
    pub const fn sync_takes(&self) -> Duration {
        self.sync_takes
    }

    /// For one request. Waits while there is no power.
    pub fn enter(&self) -> Result<MutexGuard<'_, Inner>, Errno> {
        let mut inner = self.inner.lock();
        self.power_changed.wait_while(&mut inner, |inner| inner.power == Power::Cut);
        if inner.power == Power::On { Ok(inner) } else { Err(Errno::EIO) }
    }

    /// A sync of a file or directory, from its beginning to its end.
    pub fn sync(&self, node: Node) -> Result<(), Errno> {
        let sync = self.enter()?.disk.begin_sync(node);
        std::thread::sleep(self.sync_takes);
        self.enter()?.disk.end_sync(sync)
    }

    /// The power fails.
    pub fn cut(&self, survival: Survival, dice: &mut Dice) -> Damage {
        let mut inner = self.inner.lock();
        inner.power = Power::Cut;
        inner.disk.cut(survival, dice)
    }

    /// Requests wait, and syncs under way come to nothing. What was written is still there.
    pub fn stall(&self) {
        let mut inner = self.inner.lock();
        inner.power = Power::Cut;
        inner.disk.abandon_syncs();
    }

    /// The senders of all waiting requests are dead.
    pub fn bury(&self) {
        self.inner.lock().power = Power::Buried;
        self.power_changed.notify_all();
    }

    /// An empty disk instead, with its power on.
    pub fn format(&self) {
        let mut inner = self.inner.lock();
        *inner = Inner { disk: Disk::new(), owners: HashMap::new(), power: Power::On };
        self.power_changed.notify_all();
    }

    /// The power is back.
    pub fn restart(&self) {
        self.inner.lock().power = Power::On;
        self.power_changed.notify_all();
    }
}
