//! What a process does, and what of it runs in the background.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_delivery::worker::{Breakers, DeliveryStatus, Worker};
use twofold_engine::{Engine, SystemClock};
use twofold_event_log::EventLog;
use twofold_projector::{Brake, PageObserver, Projector, ProjectorStatus, PumpingWatch};
use twofold_read_model::ReadModel;
use twofold_sqlite::give_way;

use super::Core;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// As commands and logs call it.
    pub name: &'static str,
    /// Answers panels.
    pub api: bool,
    /// Sends codes.
    pub deliver: bool,
    /// Keeps the read model up with the log.
    pub project: bool,
}

impl Roles {
    /// Everything in one process.
    pub const ALL: Self = Self { name: "serve", api: true, deliver: true, project: true };
    /// A command: works on everything, serves nobody.
    pub const COMMAND: Self = Self { name: "command", api: false, deliver: false, project: false };
    /// Nothing but the API.
    pub const API: Self = Self { name: "api", api: true, deliver: false, project: false };
    /// Nothing but sending.
    pub const DELIVER: Self = Self { name: "deliver", api: false, deliver: true, project: false };
    /// Nothing but the read model.
    pub const PROJECT: Self = Self { name: "project", api: false, deliver: false, project: true };

    /// Whether it reads or writes the read model.
    pub const fn needs_tables(self) -> bool {
        self.api || self.project
    }

    /// Whether it opens what is sealed.
    pub const fn needs_keys(self) -> bool {
        self.api || self.deliver
    }
}

/// Starts the projector; it ends when `stop` is cancelled. With use cases to stop a prefix by, it also watches whether codes
/// to numbers that begin alike come back.
pub fn project(
    tasks: &TaskTracker,
    log: &Arc<dyn EventLog>,
    store: &ReadModel,
    engine: Option<&Arc<Engine>>,
    stop: &CancellationToken,
) -> Result<tokio::sync::watch::Receiver<ProjectorStatus>, Failure> {
    let mut projector = Projector::default();
    if let Some(engine) = engine {
        let pumping = Arc::new(PumpingWatch::new(Arc::clone(engine) as Arc<dyn Brake>, Arc::new(SystemClock)));
        projector = projector.observed_by(Arc::clone(&pumping) as Arc<dyn PageObserver>);
        let stop = stop.clone();
        tasks.spawn(async move { pumping.run(stop).await });
    } else {
        tracing::warn!("without the master key nobody watches for SMS pumping here");
    }
    let projected = projector.status();
    let (log, store, stop) = (Arc::clone(log), Arc::clone(store), stop.clone());
    // A halt is told by the projector itself, and by its status from then on.
    beside_the_requests(tasks, "projector", async move { projector.run(log, store, stop).await.is_ok() })?;
    Ok(projected)
}

/// Runs something on a thread of its own: it has much to compute, and on the threads that answer requests it would be in
/// their way, and they in its. Nor does anybody wait for it: it gives way to them, with whatever threads it starts.
fn beside_the_requests<F>(tasks: &TaskTracker, name: &str, work: F) -> Result<(), Failure>
where
    F: Future + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let alive = tasks.token();
    let run = move || {
        give_way();
        runtime.block_on(work);
        drop(alive);
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map(drop).context("no thread")
}

/// Starts the worker; it ends when `stop` is cancelled and what is under way had its time.
pub async fn deliver(
    tasks: &TaskTracker,
    core: &Core,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<(DeliveryStatus, Breakers), Failure> {
    let mut config = core.sending.worker(settings, Arc::clone(&core.rng));
    config.public_url = settings.public_url();
    if let Some(queue) = core.deployment.queue(&config.channels).await? {
        config = config.from_queue(queue);
        if let Some(folder) = core.sending.writes_into() {
            let folder = folder.display();
            tracing::warn!(%folder, "messages of the outbox are files of this machine, and other machines have their own");
        }
    }
    let worker = Worker::new(Arc::clone(&core.engine), config);
    let worker = worker.map_err(|errors| Failure::Usage(format!("delivery: {errors}")))?;
    let watched = (worker.status(), worker.breakers());
    tasks.spawn(worker.run(stop.clone()));
    Ok(watched)
}
