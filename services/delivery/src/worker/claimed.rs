//! Messages of a queue: asked for while there is room, claimed until their end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::task::AbortOnDropHandle;
use twofold_event_log::{Claim, EventLog, WorkQueue};

use super::admit::{Admission, Origin};
use super::backoff::short_pause;
use super::request::Request;

/// How many ask the queue at once: one would wait for the way to the server and back with every message, and with every
/// one given back.
const ASKING: usize = 32;
/// A claim is extended so often within its time that two extensions may be lost.
const EXTENSIONS: u32 = 3;
/// A message this version cannot read is left for this long, for a newer one.
const UNREADABLE_FOR: Duration = Duration::from_mins(10);

/// Admits what the queue hands out; never ends.
pub(super) async fn take(admission: &Admission, queue: &dyn WorkQueue) {
    admission.reader.status.set_recovered();
    join_all((0..ASKING).map(|_| ask(admission, queue))).await;
}

async fn ask(admission: &Admission, queue: &dyn WorkQueue) {
    let reader = &*admission.reader;
    let mut failed = 0;
    loop {
        // Room first: what there is none for belongs to other workers.
        if admission.open.available_permits() == 0 {
            make_room(admission).await;
        }
        let room = admission.room().await;
        let claimed = match queue.next().await {
            Ok(claimed) => claimed,
            Err(error) => {
                failed += 1;
                reader.status.set_log_reachable(false);
                tracing::warn!(%error, failed, "the queue of deliveries cannot be asked");
                drop(room);
                tokio::time::sleep(short_pause(failed, &*reader.rng)).await;
                reader.patiently(EventLog::head).await;
                continue;
            }
        };
        failed = 0;
        let held = Held::new(admission, claimed.claim, queue.claim_lasts());
        match reader.request(&claimed.stored).await {
            Some(request) => admission.admit(room, request, Origin::Queue(held)).await,
            None => held.give_back(UNREADABLE_FOR).await,
        }
    }
}

/// Gives back what tenants have here beyond their share: it was within it when fewer wanted some.
async fn make_room(admission: &Admission) {
    for job in admission.yard.beyond_shares() {
        admission.send_away(&job).await;
    }
}

/// The claim on a message, extended for as long as this lives.
#[derive(Debug)]
pub(super) struct Held {
    claim: Arc<dyn Claim>,
    _kept: AbortOnDropHandle<Option<()>>,
}

impl Held {
    fn new(admission: &Admission, claim: Box<dyn Claim>, lasts: Duration) -> Self {
        let claim: Arc<dyn Claim> = Arc::from(claim);
        let extended = Arc::clone(&claim);
        let extending = async move {
            loop {
                tokio::time::sleep(lasts / EXTENSIONS).await;
                extended.extend().await;
            }
        };
        let task = admission.tasks.spawn(admission.hard_stop.clone().run_until_cancelled_owned(extending));
        Self { claim, _kept: AbortOnDropHandle::new(task) }
    }

    /// The message is at its end.
    pub(super) async fn done(&self, request: &Request) {
        if let Err(error) = self.claim.done().await {
            tracing::info!(message = %request.asked.message, %error, "a message will come again, and be found at its end");
        }
    }

    /// The message stays open, for whoever asks after a while.
    pub(super) async fn give_back(&self, after: Duration) {
        self.claim.give_back(after).await;
    }
}
