//! The whole service without sockets, on one thread: what is counted there belongs to the request under way.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use twofold_api::{ApiConfig, App, AppParts, Condition, Metrics, Operations, Readiness};
use twofold_crypto::{KeyVault, Keyring, MasterKey, MemoryKeyStore, OsRandom, totp};
use twofold_domain::{Timestamp, TotpParams};
use twofold_engine::{Clock as _, Engine, EngineParts, ManualClock, RequestContext};
use twofold_event_log::{SqliteLog, SqliteLogOptions};
use twofold_read_model::{ReadStore, SqliteReadModel};

use crate::counted::{Asked, CountedKeys, CountedLog, Counts};
use crate::outbound::Stub;

const START: Timestamp = Timestamp(1_795_290_000_000);
/// One step of a code.
const STEP_SECS: i64 = 30;

/// What one request took on the thread that served it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub allocations: u64,
    pub bytes: u64,
}

impl Cost {
    /// Of each figure by itself: now and then a request pays for the growth of something that all use.
    pub fn median(costs: &[Self]) -> Self {
        let middle = |mut figures: Vec<u64>| {
            figures.sort_unstable();
            figures[figures.len() / 2]
        };
        Self {
            allocations: middle(costs.iter().map(|cost| cost.allocations).collect()),
            bytes: middle(costs.iter().map(|cost| cost.bytes).collect()),
        }
    }

    pub fn is_within(self, bound: Self) -> bool {
        self.allocations <= bound.allocations && self.bytes <= bound.bytes
    }
}

#[derive(Debug)]
struct Ready;

impl Readiness for Ready {
    fn condition(&self) -> Condition {
        Condition::default()
    }
}

/// The service with one user who has an authenticator.
pub struct Bench {
    runtime: Runtime,
    router: TowerToHyperService<Router>,
    clock: Arc<ManualClock>,
    counts: Counts,
    key: String,
    secret: String,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let dir = tempfile::tempdir().expect("a directory");
        let (counts, clock) = (Counts::default(), Arc::new(ManualClock::at(START)));
        let (router, operator) = runtime.block_on(service(dir.path(), &counts, &clock));
        let router = TowerToHyperService::new(router);
        let mut bench = Self { runtime, router, clock, counts, key: operator, secret: String::new(), _dir: dir };
        let tenant = bench.ask("POST", "/v1/operator/tenants", &json!({ "name": "bench", "create_keys": true }), 201);
        bench.key = text(&tenant, "/keys/live/key");
        bench.ask("PUT", "/v1/users/u1", &json!({}), 200);
        let wanted = json!({ "method": "totp", "reauth": { "confirmed": true } });
        let begun = bench.ask("POST", "/v1/users/u1/enrolments", &wanted, 201);
        bench.secret = text(&begun, "/totp/secret");
        let path = format!("/v1/users/u1/enrolments/{}/confirm", text(&begun, "/id"));
        bench.ask("POST", &path, &json!({ "code": bench.code() }), 200);
        bench
    }

    /// What log and key store were asked since this was asked last.
    pub fn asked(&self) -> Asked {
        self.counts.take()
    }

    /// The cost of a code that is accepted.
    pub fn right_code(&self) -> Cost {
        self.clock.advance_secs(STEP_SECS);
        self.verify(&self.code(), 200)
    }

    /// The cost of one that is not. The next right one gives the budget back.
    pub fn wrong_code(&self) -> Cost {
        let right = self.code();
        let wrong = right.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 5) % 10)).collect::<String>();
        self.verify(&wrong, 422)
    }

    fn verify(&self, code: &str, status: u16) -> Cost {
        let body = json!({ "code": code, "client": { "ip": "203.0.113.7", "user_agent": "a browser" } });
        let request = self.request("POST", "/v1/users/u1/verify", &body);
        let mut answer = None;
        let counted = allocation_counter::measure(|| {
            answer = Some(self.runtime.block_on(self.router.call(request)).expect("infallible"));
        });
        assert_eq!(answer.map(|answer| answer.status().as_u16()), Some(status));
        Cost { allocations: counted.count_total, bytes: counted.bytes_total }
    }

    fn code(&self) -> String {
        let secret = totp::parse_base32(&self.secret).expect("base32");
        let params = TotpParams::default();
        totp::code_at(&secret, &params, totp::step_at(&params, self.clock.now())).expose().to_owned()
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Request<Body> {
        let builder = Request::builder().method(method).uri(path).header("host", "localhost");
        let builder = builder.header("authorization", format!("Bearer {}", self.key));
        builder.header("content-type", "application/json").body(Body::from(body.to_string())).expect("a request")
    }

    fn ask(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let request = self.request(method, path, body);
        self.runtime.block_on(async {
            let answer: Response<Body> = self.router.call(request).await.expect("infallible");
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            assert_eq!(parts.status, status, "{}", String::from_utf8_lossy(&body));
            serde_json::from_slice(&body).expect("JSON")
        })
    }
}

fn text(answer: &Value, path: &str) -> String {
    answer.pointer(path).and_then(Value::as_str).expect("there").to_owned()
}

async fn service(dir: &std::path::Path, counts: &Counts, clock: &Arc<ManualClock>) -> (Router, String) {
    let log = SqliteLog::open(SqliteLogOptions::new(dir.join("log.db"))).await.expect("a log");
    let keyring = Arc::new(Keyring::new(&MasterKey::generate(&OsRandom)));
    let keys = CountedKeys { inner: MemoryKeyStore::new(), counts: counts.clone() };
    let engine = Arc::new(Engine::new(EngineParts {
        log: Arc::new(CountedLog { inner: log, counts: counts.clone() }),
        snapshots: None,
        vault: Arc::new(KeyVault::new(Arc::clone(&keyring), Arc::new(keys), Arc::new(OsRandom), 100)),
        keyring,
        rng: Arc::new(OsRandom),
        clock: clock.clone(),
        outbound: Arc::new(Stub),
        cached_users: 100,
        partitions: 4,
    }));
    let behind = Arc::clone(&engine);
    let (up, following) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let follow = twofold_engine::follow(&behind).await.expect("an empty log");
        up.send(()).expect("waited for");
        follow.await;
    });
    following.await.expect("followed");
    let operator = engine.create_operator_key("tests", &RequestContext::system()).await.expect("made");
    let store: Arc<dyn ReadStore> = Arc::new(SqliteReadModel::open(dir.join("read.db")).await.expect("opened"));
    // Whatever asks the read model from now on fails: no verification may.
    store.close().await;
    let operations = Operations { metrics: Arc::new(Metrics::default()), readiness: Arc::new(Ready) };
    let app = App::new(AppParts { engine, store, config: ApiConfig::default(), operations });
    (twofold_api::router(app), operator.key.expose().to_owned())
}
