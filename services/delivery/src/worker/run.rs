//! Starting, running and stopping.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_engine::Engine;

use super::admit::Admission;
use super::carry::Carrier;
use super::claimed::take;
use super::config::{Intake, WorkerConfig};
use super::follow::follow;
use super::ledger::Ledger;
use super::reader::Reader;
use super::recover::recover;
use super::senders::Senders;
use super::status::DeliveryStatus;
use crate::transport::config::ConfigErrors;

/// Sends what the log asks for.
#[derive(Debug)]
pub struct Worker {
    engine: Arc<Engine>,
    config: WorkerConfig,
    senders: Senders,
    status: DeliveryStatus,
}

impl Worker {
    /// Prepares; connects to nothing yet. The engine's directory must be followed ([`twofold_engine::follow`]) by
    /// whoever runs the worker: tenants' channels come from there.
    ///
    /// # Errors
    /// The fields of the operator's channels that are wrong.
    pub fn new(engine: Arc<Engine>, config: WorkerConfig) -> Result<Self, ConfigErrors> {
        let senders = Senders::new(&config)?;
        Ok(Self { engine, config, senders, status: DeliveryStatus::default() })
    }

    /// The numbers, for readiness and metrics.
    pub fn status(&self) -> DeliveryStatus {
        self.status.clone()
    }

    /// Works until told to stop; then begins no further attempt, gives those under way [`WorkerConfig::grace`] to end
    /// and be recorded, and drops the rest, which the next worker takes up; what came from a queue is given back. Dropping the future stops at once.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { engine, config, senders, status } = self;
        let rng = Arc::clone(&config.rng);
        let hard_stop = CancellationToken::new();
        let _stops_all = hard_stop.clone().drop_guard();
        let ledger = Ledger { engine: Arc::clone(&engine), rng: Arc::clone(&rng), status: status.clone() };
        let carrier = Carrier {
            engine: Arc::clone(&engine),
            senders,
            ledger,
            status: status.clone(),
            attempts: Semaphore::new(config.concurrency.max(1)),
            retry: config.retry,
            rng: Arc::clone(&rng),
            stop: shutdown.clone(),
        };
        let tasks = TaskTracker::new();
        let admission = Admission {
            carrier: Arc::new(carrier),
            reader: Arc::new(Reader { engine, rng, status }),
            channels: config.channels,
            open: Arc::new(Semaphore::new(config.open_messages.max(1))),
            tasks: tasks.clone(),
            hard_stop: hard_stop.clone(),
        };
        shutdown.run_until_cancelled(work(&admission, config.intake)).await;
        tasks.close();
        if tokio::time::timeout(config.grace, tasks.wait()).await.is_err() {
            tracing::warn!(left = tasks.len(), "messages under way are dropped; the next worker takes them up");
            hard_stop.cancel();
            tasks.wait().await;
        }
    }
}

async fn work(admission: &Admission, intake: Intake) {
    let reader = &*admission.reader;
    // The head divides the messages of before from those of now; both are taken up side by side.
    let head = reader.patiently(twofold_event_log::EventLog::head).await;
    let tidy = admission.carrier.senders.tidy();
    match intake {
        Intake::Log => drop(tokio::join!(follow(admission, reader, head), recover(admission, reader, head), tidy)),
        Intake::Queue(queue) => drop(tokio::join!(take(admission, &*queue), tidy)),
    }
}
