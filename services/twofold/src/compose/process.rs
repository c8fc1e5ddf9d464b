//! A serving process: the roles it has, behind one HTTP port.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use twofold_api::{App, AppParts, Metrics, Operations, operations_router, router, starting_router};
use twofold_engine::{Engine, follow};
use twofold_event_log::EventLog;
use twofold_read_model::ReadModel;

use super::data_dir::ServerLock;
use super::deployment::{self, Access, Deployment, Patience};
use super::first_start::FirstKeys;
use super::health::{Health, Parts};
use super::http::{Front, HttpServer};
use super::metrics::Background;
use super::roles::{self, Roles};
use super::spans::with_spans;
use super::{Core, DataDir, first_start};
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// A process that is bound and whose parts are open.
#[derive(Debug)]
pub struct Process {
    works: Works,
    settings: Settings,
    door: Door,
    background: TaskTracker,
    stop_background: CancellationToken,
    /// Held for its lock.
    _lock: Option<ServerLock>,
}

/// What it works with.
#[derive(Debug)]
struct Works {
    roles: Roles,
    deployment: Arc<dyn Deployment>,
    log: Arc<dyn EventLog>,
    core: Option<Core>,
    store: Option<ReadModel>,
}

/// The HTTP side.
#[derive(Debug)]
struct Door {
    address: SocketAddr,
    front: Front,
    health: Health,
    operations: Operations,
    serving: JoinHandle<()>,
    /// A process that fails to start does not go on saying that it is starting.
    _ends_with_it: DropGuard,
}

impl Door {
    /// Takes the port and answers at once: whoever watches the process must see that it lives while it waits for others.
    async fn open(settings: &Settings, roles: Roles, stop: CancellationToken) -> Result<Self, Failure> {
        let http = HttpServer::bind(settings.listen).await.map_err(|error| {
            Failure::new(format!("cannot listen on {}: {error}; choose another with --listen", settings.listen))
        })?;
        let address = http.address();
        let health = Health::starting(roles);
        let metrics = Metrics::default();
        metrics.registry().lock().register_collector(Box::new(Background(health.clone())));
        let operations = Operations { metrics: Arc::new(metrics), readiness: Arc::new(health.clone()) };
        let front = Front::new(starting_router(operations.clone()));
        let serving = tokio::spawn(http.run(front.clone(), stop.clone()));
        tracing::info!(%address, role = roles.name, version = env!("CARGO_PKG_VERSION"), "listening");
        Ok(Self { address, front, health, operations, serving, _ends_with_it: stop.drop_guard() })
    }
}

impl Process {
    /// Opens everything. Answers the keys as well when this was the first start: they are told before work begins.
    pub async fn prepare(
        settings: &Settings,
        roles: Roles,
        stop: CancellationToken,
    ) -> Result<(Self, Option<FirstKeys>), Failure> {
        let lock = match (settings.is_production(), roles) {
            (true, _) => None,
            (false, Roles::ALL) => Some(DataDir::open_or_create(&settings.data_dir)?.lock()?),
            (false, _) => {
                return Err(Failure::Usage(format!(
                    "`twofold {}` is one of several processes that share a log; set nats.servers, or run `twofold serve`, which does everything in one",
                    roles.name
                )));
            }
        };
        // The port before the first start: a taken port must not use up the keys that are shown once.
        let door = Door::open(settings, roles, stop).await?;
        let deployment = deployment::open(settings, roles, Access::Make, Patience::Endless).await?;
        // A projector does without the key; with it, it can stop a prefix.
        let has_keys = roles.needs_keys() || (roles.project && settings.master_key.is_some());
        let core = if has_keys { Some(Core::on(settings, Arc::clone(&deployment)).await?) } else { None };
        let log = core.as_ref().map_or_else(|| deployment.log(), |core| Arc::clone(&core.log));
        let store = if roles.needs_tables() { Some(deployment.read_model().await?) } else { None };
        let mut keys = None;
        if let (Some(core), Some(store), Some(_)) = (&core, &store, deployment.folder()) {
            if super::is_ahead(&*core.log, &**store).await? {
                tracing::warn!(
                    "the log is older than the read model, as after a restore: the read model is folded again"
                );
                store.clear().await.context("the read model")?;
            }
            keys = first_start(core).await?;
        }
        let process = Self {
            works: Works { roles, deployment, log, core, store },
            settings: settings.clone(),
            door,
            background: TaskTracker::new(),
            stop_background: CancellationToken::new(),
            _lock: lock,
        };
        Ok((process, keys))
    }

    /// Begins to work.
    pub async fn begin(&self) -> Result<(), Failure> {
        self.works.begin(&self.settings, &self.door, &self.background, &self.stop_background).await?;
        if let Some(dir) = self.folder() {
            dir.announce(self.address()).context("the address cannot be written into the data folder")?;
        }
        tracing::info!(address = %self.address(), "ready to work");
        Ok(())
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.door.address
    }

    /// The folder it works on, when everything is in one.
    pub fn folder(&self) -> Option<&DataDir> {
        self.works.deployment.folder()
    }

    /// Works until told to stop, then drains: requests first, then the background, then the files.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { works: Works { deployment, log, store, .. }, door, background, stop_background, _lock, .. } = self;
        door.serving.await.context("the HTTP side failed")?;
        stop_background.cancel();
        background.close();
        background.wait().await;
        if let Some(dir) = deployment.folder() {
            dir.withdraw();
        }
        if let Some(store) = store {
            store.close().await;
        }
        log.close().await;
        deployment.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

impl Works {
    /// Starts what the roles say and opens the door for it.
    async fn begin(
        &self,
        settings: &Settings,
        door: &Door,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let Self { roles, deployment, log, core, store } = self;
        let mut parts = Parts {
            deployment: Arc::clone(deployment),
            log: Arc::clone(log),
            keys: core.as_ref().filter(|_| roles.needs_keys()).map(|core| Arc::clone(&core.keys)),
            engine: core.as_ref().map(|core| Arc::clone(&core.engine)),
            guard: core.as_ref().filter(|_| roles.api).map(|core| Arc::clone(&core.guard)),
            store: store.clone(),
            projected: None,
            sending: None,
        };
        if let Some(core) = core {
            follow_tenants(tasks, Arc::clone(&core.engine), stop.clone()).await?;
            core.appends.register(&mut door.operations.metrics.registry().lock());
        }
        if let (true, Some(store)) = (roles.project, store) {
            parts.projected = Some(roles::project(tasks, log, store, parts.engine.as_ref(), stop)?);
        }
        if let (true, Some(core)) = (roles.deliver, core) {
            if settings.delivery.enabled {
                parts.sending = Some(roles::deliver(tasks, core, settings, stop).await?);
            } else {
                tracing::warn!("delivery is switched off: codes by e-mail and SMS wait in the log");
            }
        }
        door.health.begin(parts).await;
        tasks.spawn(door.health.clone().keep_looking(stop.clone()));
        let mut service = self.service(settings, door);
        if settings.telemetry.otlp_endpoint.is_some() {
            service = with_spans(service);
        }
        door.front.open(service);
        door.health.open();
        Ok(())
    }

    fn service(&self, settings: &Settings, door: &Door) -> Router {
        match (self.roles.api, &self.core, &self.store) {
            (true, Some(core), Some(store)) => router(App::new(AppParts {
                engine: Arc::clone(&core.engine),
                store: Arc::clone(store),
                config: settings.api_config(),
                operations: door.operations.clone(),
            })),
            _ => operations_router(door.operations.clone()),
        }
    }
}

/// Follows tenants, keys and accounts, so that what another process changes holds here within a second.
async fn follow_tenants(tasks: &TaskTracker, engine: Arc<Engine>, stop: CancellationToken) -> Result<(), Failure> {
    let (up, ready) = oneshot::channel();
    tasks.spawn(async move {
        match follow(&engine).await {
            Ok(following) => {
                let _nobody_waits = up.send(Ok(()));
                tokio::select! {
                    () = following => {}
                    () = stop.cancelled() => {}
                }
            }
            Err(error) => {
                let _nobody_waits = up.send(Err(error));
            }
        }
    });
    ready.await.context("following the tenants")?.context("following the tenants")
}
