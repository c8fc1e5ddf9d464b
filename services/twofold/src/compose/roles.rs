//! What runs in the background: the projector and the delivery worker.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_delivery::worker::Worker;
use twofold_projector::Projector;
use twofold_read_model::ReadModel;

use super::Core;
use super::health::Health;
use crate::config::Settings;
use crate::failure::Failure;

/// Starts both; they end when `stop` is cancelled. Answers how they are, now and later.
pub fn start(
    tasks: &TaskTracker,
    core: &Core,
    store: &ReadModel,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<Health, Failure> {
    let projector = Projector::default();
    let projected = projector.status();
    let (log, store, stop_projector) = (Arc::clone(&core.log), Arc::clone(store), stop.clone());
    // A halt is told by the projector itself, and by its status from then on.
    tasks.spawn(async move { projector.run(log, store, stop_projector).await.is_ok() });
    let worker = if settings.delivery.enabled { Some(worker(core, settings)?) } else { None };
    let sending = worker.as_ref().map(Worker::status);
    if let Some(worker) = worker {
        tasks.spawn(worker.run(stop.clone()));
    } else {
        tracing::warn!("delivery is switched off: codes by e-mail and SMS wait in the log");
    }
    Ok(Health { projected, sending, engine: Arc::clone(&core.engine) })
}

fn worker(core: &Core, settings: &Settings) -> Result<Worker, Failure> {
    let config = core.sending.worker(settings, Arc::clone(&core.rng));
    Worker::new(Arc::clone(&core.engine), config).map_err(|errors| Failure::Usage(format!("delivery: {errors}")))
}
