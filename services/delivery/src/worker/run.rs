//! Starting, running and stopping.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_engine::Engine;

use super::admit::Admission;
use super::carry::Carrier;
use super::config::WorkerConfig;
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
    /// and be recorded, and drops the rest, which the next worker takes up. Dropping the future stops at once.
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
            channels: config.channels,
            share: config.share,
            open: Arc::new(Semaphore::new(config.open_messages.max(1))),
            tasks: tasks.clone(),
            hard_stop: hard_stop.clone(),
        };
        let reader = Reader { engine, rng, status };
        shutdown.run_until_cancelled(work(&admission, &reader)).await;
        tasks.close();
        if tokio::time::timeout(config.grace, tasks.wait()).await.is_err() {
            tracing::warn!(left = tasks.len(), "messages under way are dropped; the next worker takes them up");
            hard_stop.cancel();
            tasks.wait().await;
        }
    }
}

/// The head divides the messages of before from those of now; both are taken up side by side.
async fn work(admission: &Admission, reader: &Reader) {
    let head = reader.patiently(twofold_event_log::EventLog::head).await;
    tokio::join!(follow(admission, reader, head), recover(admission, reader, head), admission.carrier.senders.tidy());
}
