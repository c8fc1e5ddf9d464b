//! Taking messages up, as many as fit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_domain::delivery::DeliveryRequested;
use twofold_domain::{Channel, KeyedHash};

use super::carry::Carrier;
use super::claimed::Held;
use super::examine::last_call;
use super::fair::{Item, WEIGHT};
use super::job::Job;
use super::past::Past;
use super::reader::Reader;
use super::request::Request;
use super::yard::Yard;

/// The door between the log or the queue and the messages being carried.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) carrier: Arc<Carrier>,
    pub(super) reader: Arc<Reader>,
    pub(super) yard: Arc<Yard>,
    pub(super) channels: BTreeSet<Channel>,
    pub(super) open: Arc<Semaphore>,
    /// Outcomes being written down after their attempt's place was given back.
    pub(super) writing: Semaphore,
    pub(super) tasks: TaskTracker,
    /// Everything ends when this is cancelled, attempts under way included.
    pub(super) hard_stop: CancellationToken,
}

/// Where a message came from.
pub(super) enum Origin {
    /// The log, with what was tried before; nothing when the ledger is to be asked in its turn.
    Log(Option<Past>),
    /// The queue, with the claim on it.
    Queue(Held),
}

impl Admission {
    /// Whether a message of the log is this worker's.
    pub(super) fn wants(&self, asked: &DeliveryRequested) -> bool {
        self.channels.contains(&asked.channel)
    }

    /// Waits for room for one more message.
    pub(super) async fn room(&self) -> OwnedSemaphorePermit {
        match Arc::clone(&self.open).acquire_owned().await {
            Ok(room) => room,
            // Nobody closes it.
            Err(_) => std::future::pending().await,
        }
    }

    /// Takes a message up: whole as long as its tenant has a share left. Beyond that a message of the log is kept as a
    /// position, to be read again in its turn, and one of a queue goes back there until then.
    pub(super) async fn admit(&self, room: OwnedSemaphorePermit, request: Request, origin: Origin) {
        let Some(counted) = self.carrier.status.opened(request.at, &request.asked.message) else {
            // Its claim ran out while it was being carried here; whoever carries it will say what became of it.
            tracing::info!(message = %request.asked.message, "a message came again while it is being carried");
            return;
        };
        let (channel, item) = (request.asked.channel, self.item(&request));
        let is_over = item.last_call <= self.reader.engine.clock().now();
        let (past, held, keep) = match origin {
            Origin::Log(past) => (past, None, self.yard.keeps_whole(channel, &item)),
            // What is over is written down in a moment; in the queue it would only come back for that.
            Origin::Queue(held) => (None, Some(held), is_over || self.yard.has_share(channel, &item)),
        };
        let seq = request.asked_at;
        let whole = Some(Box::new(request));
        let mut job = Job { seq, whole, past, held, _room: room, _counted: counted };
        if !keep && job.held.is_some() {
            return self.send_away(&job).await;
        }
        if !keep {
            job.whole = None;
        }
        if let Some(job) = self.yard.push(channel, &item, Duration::ZERO, job) {
            job.leave(Duration::ZERO).await;
        } else if is_over {
            self.yard.overdue.notify_one();
        }
    }

    /// What a message's turn depends on.
    pub(super) fn item(&self, request: &Request) -> Item {
        let tenant = self.reader.engine.directory().tenant(&request.tenant);
        let asked = &request.asked;
        Item {
            tenant: request.tenant.clone(),
            weight: tenant.map_or(WEIGHT, |tenant| tenant.settings().delivery.share),
            destination: short(&asked.destination.fingerprint),
            last_call: last_call(asked),
        }
    }

    /// Gives a message back to its queue until its tenant's turn.
    pub(super) async fn send_away(&self, job: &Job) {
        let (Some(held), Some(request)) = (&job.held, &job.whole) else { return };
        let now = self.reader.engine.clock().now();
        let after = self.yard.appointment(request.asked.channel, &self.item(request), now);
        held.give_back(after).await;
    }
}

/// Enough of a fingerprint to tell a tenant's destinations apart; two taken for one would only wait for each other.
fn short(fingerprint: &KeyedHash) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&fingerprint.as_bytes()[..8]);
    u64::from_be_bytes(first)
}
