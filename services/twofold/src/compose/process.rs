//! All roles in one process: API, projector, delivery, and the follower of the tenant directory.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use twofold_api::{App, AppParts, Metrics, router};
use twofold_engine::{Engine, follow};
use twofold_read_model::ReadModel;

use super::data_dir::ServerLock;
use super::http::HttpServer;
use super::metrics::Background;
use super::spans::with_spans;
use super::{Core, DataDir, first_start};
use crate::compose::first_start::FirstKeys;
use crate::config::Settings;
use crate::failure::{Context as _, Failure};

/// A server that is bound and whose parts are up, but that does not answer yet.
#[derive(Debug)]
pub struct Server {
    core: Core,
    store: ReadModel,
    http: HttpServer,
    settings: Settings,
    stop: CancellationToken,
    /// Held for its lock.
    _lock: ServerLock,
}

impl Server {
    /// Opens everything. Answers the keys as well when this was the first start.
    pub async fn prepare(settings: &Settings, stop: CancellationToken) -> Result<(Self, Option<FirstKeys>), Failure> {
        let dir = DataDir::open_or_create(&settings.data_dir)?;
        let lock = dir.lock()?;
        // The port before the first start: a taken port must not use up the keys that are shown once.
        let http = HttpServer::bind(settings.listen).await;
        let http = http.map_err(|error| {
            Failure::new(format!("cannot listen on {}: {error}; choose another with --listen", settings.listen))
        })?;
        let core = Core::open(settings, dir).await?;
        let store = core.read_model().await?;
        if super::is_ahead(&*core.log, &*store).await? {
            tracing::warn!("the log is older than the read model, as after a restore: the read model is folded again");
            store.clear().await.context("read-model.db")?;
        }
        let keys = first_start(&core).await?;
        Ok((Self { core, store, http, settings: settings.clone(), stop, _lock: lock }, keys))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// The folder it works on.
    pub const fn dir(&self) -> &DataDir {
        &self.core.dir
    }

    /// Works until told to stop, then drains: requests first, then the background, then the files.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { core, store, http, settings, stop, _lock } = self;
        let background = TaskTracker::new();
        let stop_background = CancellationToken::new();
        follow_tenants(&background, Arc::clone(&core.engine), stop_background.clone()).await?;
        let health = super::roles::start(&background, &core, &store, &settings, &stop_background)?;
        let metrics = Metrics::default();
        metrics.registry().lock().register_collector(Box::new(Background(health.clone())));
        let app = App::new(AppParts {
            engine: Arc::clone(&core.engine),
            store: Arc::clone(&store),
            metrics: Arc::new(metrics),
            config: settings.api_config(),
            readiness: Arc::new(health),
        });
        let address = http.address();
        core.dir.announce(address).context("the address cannot be written into the data folder")?;
        tracing::info!(%address, data_dir = %core.dir.path().display(), version = env!("CARGO_PKG_VERSION"), "listening");
        let mut service = router(app);
        if settings.telemetry.otlp_endpoint.is_some() {
            service = with_spans(service);
        }
        http.run(service, stop).await;
        stop_background.cancel();
        background.close();
        background.wait().await;
        core.dir.withdraw();
        store.close().await;
        core.close().await;
        tracing::info!("stopped");
        Ok(())
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
