//! Taking messages up, as many as fit.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_domain::Channel;
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};

use super::carry::{Carrier, Past};
use super::config::Share;
use super::request::Request;

/// The door between the log and the messages being carried.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) carrier: Arc<Carrier>,
    pub(super) channels: BTreeSet<Channel>,
    pub(super) share: Share,
    pub(super) open: Arc<Semaphore>,
    pub(super) tasks: TaskTracker,
    /// Everything ends when this is cancelled, attempts under way included.
    pub(super) hard_stop: CancellationToken,
}

impl Admission {
    /// Whether a message is this worker's.
    pub(super) fn wants(&self, asked: &DeliveryRequested) -> bool {
        self.channels.contains(&asked.channel) && self.share.holds(&asked.message)
    }

    /// Waits for room and takes a message up.
    pub(super) async fn admit(&self, request: Request, past: Past) {
        let Ok(room) = Arc::clone(&self.open).acquire_owned().await else { return };
        let carrier = Arc::clone(&self.carrier);
        let counted = carrier.status.opened(request.at, &request.asked.message);
        let task = async move {
            let (_room, _counted) = (room, counted);
            // One message that goes wrong in an unforeseen way must not take the others with it.
            if AssertUnwindSafe(carrier.carry(&request, past)).catch_unwind().await.is_err() {
                tracing::error!(message = %request.asked.message, "carrying a message panicked");
                let event = DeliveryEvent::Dead { attempt: past.attempts, cause: "internal_error".to_owned() };
                carrier.ledger.record(&request, &event).await;
            }
        };
        self.tasks.spawn(self.hard_stop.clone().run_until_cancelled_owned(task));
    }
}
