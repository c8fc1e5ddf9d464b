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
use super::dispatch::dispatch;
use super::follow::follow;
use super::ledger::Ledger;
use super::overdue::end_overdue;
use super::reader::Reader;
use super::recover::recover;
use super::route::Breakers;
use super::senders::Senders;
use super::status::DeliveryStatus;
use super::yard::Yard;
use crate::transport::config::ConfigErrors;

/// Outcomes being written down at once, for each attempt that may be under way.
const WRITING: usize = 4;

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

    /// Which providers are left alone, for metrics.
    pub fn breakers(&self) -> Breakers {
        self.senders.breakers.clone()
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
            retry: config.retry,
            public_url: config.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
            rng: Arc::clone(&rng),
            stop: shutdown.clone(),
        };
        let tasks = TaskTracker::new();
        let yard = Arc::new(Yard::new(&config));
        status.watch(&yard);
        let admission = Arc::new(Admission {
            carrier: Arc::new(carrier),
            reader: Arc::new(Reader { engine, rng, status }),
            yard: Arc::clone(&yard),
            open: Arc::new(Semaphore::new(config.room().max(1))),
            channels: config.channels,
            writing: Semaphore::new(WRITING * config.concurrency.max(1)),
            tasks: tasks.clone(),
            hard_stop: hard_stop.clone(),
        });
        shutdown.run_until_cancelled(work(&admission, config.intake)).await;
        for (due, job) in yard.close() {
            tasks.spawn(hard_stop.clone().run_until_cancelled_owned(job.leave(due)));
        }
        tasks.close();
        if tokio::time::timeout(config.grace, tasks.wait()).await.is_err() {
            tracing::warn!(left = tasks.len(), "messages under way are dropped; the next worker takes them up");
            hard_stop.cancel();
            tasks.wait().await;
        }
    }
}

async fn work(admission: &Arc<Admission>, intake: Intake) {
    let reader = &*admission.reader;
    // The head divides the messages of before from those of now; both are taken up side by side.
    let head = reader.patiently(twofold_event_log::EventLog::head).await;
    let tidy = admission.carrier.senders.tidy();
    let attempts = async { tokio::join!(dispatch(admission), end_overdue(admission), tidy) };
    match intake {
        Intake::Log => drop(tokio::join!(follow(admission, reader, head), recover(admission, reader, head), attempts)),
        Intake::Queue(queue) => drop(tokio::join!(take(admission, &*queue), attempts)),
    }
}
