//! Noticing the commits of other processes.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use twofold_event_log::Seq;

use super::Core;

impl Core {
    /// Raises the known head; never lowers it.
    pub fn raise(&self, head: Seq) {
        raise(&self.head, head);
    }

    /// Notes a position the server has acknowledged to us.
    pub fn acknowledge(&self, seq: Seq) {
        self.kept.acknowledge(seq);
        self.raise(seq);
    }
}

/// Raises a watched position and wakes whoever watches, unless it is higher already.
pub(super) fn raise(watched: &watch::Sender<Seq>, seq: Seq) {
    watched.send_if_modified(|known| {
        let higher = seq > *known;
        if higher {
            *known = seq;
        }
        higher
    });
}

/// Asks the leader for its head again and again until the log is closed, while anybody watches.
pub(super) async fn follow(core: Arc<Core>, closing: CancellationToken) {
    let mut ticks = interval(core.options.follow_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut failing = false;
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if core.head.receiver_count() == 0 {
            continue;
        }
        match core.stream.head().await {
            Ok(head) => {
                core.raise(head);
                failing = false;
            }
            Err(error) => {
                // Once for each outage, not ten times a second.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot follow the event log");
                }
            }
        }
    }
}
