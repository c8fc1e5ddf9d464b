//! Noticing the commits of other processes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use twofold_sqlite::Desk;

use super::read;
use crate::Seq;

/// Raises the known head; never lowers it.
pub(super) fn raise(known: &watch::Sender<Seq>, head: Seq) {
    known.send_if_modified(|known| {
        let higher = head > *known;
        if higher {
            *known = head;
        }
        higher
    });
}

/// Asks the file for its head again and again until the log is closed.
pub(super) async fn follow(
    readers: Arc<Desk>,
    known: Arc<watch::Sender<Seq>>,
    every: Duration,
    closing: CancellationToken,
) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut failing = false;
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match readers.ask(|connection| read::head(connection)).await.map_err(Into::into).flatten() {
            Ok(head) => {
                raise(&known, head);
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
