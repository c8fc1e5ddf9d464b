//! Support, who read the audit trail all the time: it answers, or says that it cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::doors::Doors;
use super::record::Record;
use crate::random::Dice;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody who looks.
#[derive(Debug)]
pub struct Onlookers {
    task: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Onlookers {
    /// Looks over the same nodes as `doors`.
    pub fn start(doors: &Doors, record: &Arc<Record>, dice: &mut Dice) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(look(doors.another(), Arc::clone(record), dice.split(), Arc::clone(&stop)));
        Self { task, stop }
    }

    /// Waits for the last look.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.task.await);
    }
}

async fn look(mut doors: Doors, record: Arc<Record>, mut dice: Dice, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let node = doors.any(&mut dice);
        let reply = doors.send(node, "GET", "/v1/audit?limit=1", "").await;
        if reply.says().0 != 200 && !reply.is_open() {
            record.violation(format!("the audit trail was answered {}", reply.describe()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
