//! A whole service on a bound port, and a client for it.

mod client;
mod outbound;
mod panel;
pub mod twilio;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use twofold_api::{ApiConfig, App, AppParts, Condition, Metrics, Operations, Readiness};
use twofold_crypto::{KeyVault, Keyring, MasterKey, MemoryKeyStore, OsRandom};
use twofold_domain::Timestamp;
use twofold_engine::{Engine, EngineParts, ManualClock, RequestContext};
use twofold_event_log::{EventLog as _, MemoryLog, Seq};
use twofold_read_model::{ReadStore, SqliteReadModel};

pub use client::{Answer, Call};
pub use panel::{Tenant, totp_code};

/// The instant every test begins at.
pub const START: Timestamp = Timestamp(1_795_290_000_000);

/// As ready as the test says.
#[derive(Debug, Default, Clone)]
pub struct Stated(Arc<Mutex<Condition>>);

impl Stated {
    pub fn state(&self, condition: Condition) {
        *self.0.lock().expect("whole") = condition;
    }
}

impl Readiness for Stated {
    fn condition(&self) -> Condition {
        self.0.lock().expect("whole").clone()
    }
}

/// The service.
pub struct TestApp {
    pub addr: SocketAddr,
    pub log: MemoryLog,
    pub engine: Arc<Engine>,
    pub clock: Arc<ManualClock>,
    pub operator: String,
    pub readiness: Stated,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(ApiConfig::default()).await
    }

    pub async fn start_with(config: ApiConfig) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let log = MemoryLog::new();
        let clock = Arc::new(ManualClock::at(START));
        let keyring = Arc::new(Keyring::new(&MasterKey::generate(&OsRandom)));
        let vault = KeyVault::new(Arc::clone(&keyring), Arc::new(MemoryKeyStore::new()), Arc::new(OsRandom), 1000);
        let engine = Arc::new(Engine::new(EngineParts {
            log: Arc::new(log.clone()),
            snapshots: None,
            keyring,
            vault: Arc::new(vault),
            rng: Arc::new(OsRandom),
            clock: clock.clone(),
            outbound: Arc::new(outbound::Stub),
            cached_users: 100,
            partitions: 4,
        }));
        let behind = Arc::clone(&engine);
        let (up, following) = tokio::sync::oneshot::channel();
        let follower = tokio::spawn(async move {
            let follow = twofold_engine::follow(&behind).await.expect("an empty log");
            up.send(()).expect("waited for");
            follow.await;
        });
        following.await.expect("followed");
        let operator =
            engine.create_operator_key("tests", &RequestContext::system()).await.expect("made").key.expose().to_owned();
        let store: Arc<dyn ReadStore> =
            Arc::new(SqliteReadModel::open(dir.path().join("read.db")).await.expect("opened"));
        let readiness = Stated::default();
        let app = App::new(AppParts {
            engine: Arc::clone(&engine),
            store: Arc::clone(&store),
            config,
            operations: Operations { metrics: Arc::new(Metrics::default()), readiness: Arc::new(readiness.clone()) },
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("bound");
        let service = twofold_api::router(app).into_make_service_with_connect_info::<SocketAddr>();
        let tasks = vec![
            tokio::spawn(async move { axum::serve(listener, service).await.expect("served") }),
            tokio::spawn(project(log.clone(), store)),
            follower,
        ];
        Self { addr, log, engine, clock, operator, readiness, tasks, _dir: dir }
    }

    /// End of the log.
    pub async fn head(&self) -> Seq {
        self.log.head().await.expect("the log")
    }

    /// A tenant with a live and a test key.
    pub async fn tenant(&self, name: &str, settings: serde_json::Value) -> Tenant<'_> {
        let body = serde_json::json!({ "name": name, "settings": settings, "create_keys": true });
        let made = self.post("/v1/operator/tenants").key(&self.operator).json(&body).expect(201).await;
        let text = |path: &str| made.pointer(path).and_then(serde_json::Value::as_str).expect("there").to_owned();
        Tenant {
            app: self,
            id: text("/id"),
            live: text("/keys/live/key"),
            test: text("/keys/test/key"),
            live_id: text("/keys/live/id"),
        }
    }

    /// A key of a tenant with some scopes only.
    pub async fn key_with(&self, tenant: &str, scopes: &[&str]) -> String {
        let path = format!("/v1/operator/tenants/{tenant}/api-keys");
        let body = serde_json::json!({ "label": "some", "scopes": scopes });
        let made = self.post(&path).key(&self.operator).json(&body).expect(201).await;
        made["key"].as_str().expect("shown").to_owned()
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(self.addr, method, path)
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    pub fn put(&self, path: &str) -> Call {
        self.call("PUT", path)
    }
}

/// Stands in for the projector.
async fn project(log: MemoryLog, store: Arc<dyn ReadStore>) {
    let mut head = log.watch();
    let mut at = Seq::ZERO;
    loop {
        let page = log.read_all(at, 500).await.unwrap_or_default();
        if page.is_empty() {
            let _ = tokio::time::timeout(Duration::from_millis(200), head.changed()).await;
            continue;
        }
        at = store.apply(&page).await.expect("projected");
    }
}
