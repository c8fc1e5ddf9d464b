//! One log, its keys, and as many engines and workers on them as a test wants: each stands for a process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use twofold_crypto::{KeyStore, KeyVault, Keyring, MasterKey, MemoryKeyStore, OsRandom};
use twofold_delivery::transport::{AddressPolicy, EmailChannel, SmsChannel, Surroundings, Tls};
use twofold_delivery::worker::{
    DeliveryOutbound, DeliveryStatus, OperatorChannels, StatusSnapshot, Worker, WorkerConfig,
};
use twofold_domain::delivery::{DeliveryEvent, DeliveryRequested};
use twofold_domain::{TenantId, Timestamp};
use twofold_engine::{Engine, EngineParts, ManualClock, follow};
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Category, EventLog, MemoryLog, Seq, Stored, Subject};
use twofold_test_support::SmtpSink;

pub const SOON: Duration = Duration::from_secs(20);

pub struct House {
    pub log: Arc<dyn EventLog>,
    pub store: Arc<dyn KeyStore>,
    pub clock: Arc<ManualClock>,
    pub operator: OperatorChannels,
    allow: Vec<String>,
    outbox: PathBuf,
}

impl House {
    /// In memory, with services the workers may reach.
    pub fn new(allow: Vec<String>) -> Self {
        Self::on(Arc::new(MemoryLog::new()), allow)
    }

    pub fn on(log: Arc<dyn EventLog>, allow: Vec<String>) -> Self {
        Self {
            log,
            store: Arc::new(MemoryKeyStore::new()),
            clock: Arc::new(ManualClock::at(Timestamp(1_795_290_000_000))),
            operator: OperatorChannels::default(),
            allow,
            outbox: PathBuf::from("/nonexistent"),
        }
    }

    /// A house whose operator sends mail through a sink.
    pub fn with_mail(sink: &SmtpSink) -> Self {
        Self::with_mail_on(Arc::new(MemoryLog::new()), sink)
    }

    pub fn with_mail_on(log: Arc<dyn EventLog>, sink: &SmtpSink) -> Self {
        let mut house = Self::on(log, Vec::new());
        house.operator.email = Some(read::<EmailChannel>(mail_channel(sink, "codes@example.org")));
        house
    }

    pub fn around(&self) -> Surroundings {
        let allow = self.allow.iter().map(|a| a.parse().expect("entry")).collect();
        let policy = AddressPolicy { allow_private: false, allow };
        Surroundings { policy, tls: Tls::bundled().expect("roots"), outbox_dir: self.outbox.clone() }
    }

    /// Another process's engine, following the log.
    pub async fn engine(&self) -> Arc<Engine> {
        self.engine_with(Arc::clone(&self.store)).await
    }

    pub async fn engine_with(&self, store: Arc<dyn KeyStore>) -> Arc<Engine> {
        let master = MasterKey::from_text(&"0123456789abcdef".repeat(4)).expect("key");
        let keyring = Arc::new(Keyring::new(&master));
        let outbound = DeliveryOutbound::new(self.operator.clone(), self.around()).expect("channels");
        let engine = Arc::new(Engine::new(EngineParts {
            log: Arc::clone(&self.log),
            snapshots: None,
            vault: Arc::new(KeyVault::new(Arc::clone(&keyring), store, Arc::new(OsRandom), 100)),
            keyring,
            rng: Arc::new(OsRandom),
            clock: Arc::<ManualClock>::clone(&self.clock),
            outbound: Arc::new(outbound),
            cached_users: 100,
            partitions: 4,
        }));
        let (ready, read) = tokio::sync::oneshot::channel();
        let followed = Arc::clone(&engine);
        tokio::spawn(async move {
            let following = follow(&followed).await.expect("the log can be read");
            let _ = ready.send(());
            following.await;
        });
        read.await.expect("followed");
        engine
    }

    pub fn config(&self) -> WorkerConfig {
        let mut config = WorkerConfig::new(self.operator.clone(), self.around(), Arc::new(OsRandom));
        config.retry.first_pause_ms = 100;
        config
    }

    /// A worker in a process of its own.
    pub async fn worker(&self) -> Running {
        self.worker_with(self.engine().await, self.config())
    }

    pub fn worker_with(&self, engine: Arc<Engine>, config: WorkerConfig) -> Running {
        self.run(Worker::new(engine, config).expect("channels"))
    }

    pub fn run(&self, worker: Worker) -> Running {
        let (status, stop) = (worker.status(), CancellationToken::new());
        let task = tokio::spawn(worker.run(stop.clone()));
        Running { status, stop, task: Some(task), clock: Arc::clone(&self.clock) }
    }

    /// Every request, oldest first, and nothing of redrives.
    pub async fn requests(&self) -> Vec<(TenantId, DeliveryRequested)> {
        let stored = self.log.read_category(Category::Delivery, Seq::ZERO, 1000).await.expect("requests");
        let read = |stored: &Stored| {
            let tenant = stored.subject.tenant_id().expect("tenant");
            let DeliveryEvent::Requested(asked) = events(stored).remove(0) else { return None };
            Some((tenant, asked))
        };
        stored.iter().filter_map(read).collect()
    }

    /// What the ledger says of the n-th request, but for the notes that a provider takes its time: on a busy machine
    /// every one does.
    pub async fn ledger(&self, n: usize) -> Vec<DeliveryEvent> {
        let mut entries = self.whole_ledger(n).await;
        entries.retain(|event| !matches!(event, DeliveryEvent::HandingOver { .. }));
        entries
    }

    /// Everything that the ledger says of the n-th request.
    pub async fn whole_ledger(&self, n: usize) -> Vec<DeliveryEvent> {
        let (tenant, asked) = self.requests().await.remove(n);
        let subject = Subject::ledger(&tenant, &asked.message);
        let stored = self.log.read_subject(&subject, Seq::ZERO, 1000).await.expect("ledger");
        stored.iter().flat_map(events).collect()
    }

    /// The names of the n-th request's entries, once the last of them is final.
    pub async fn ended(&self, n: usize) -> Vec<&'static str> {
        self.end(n).await.iter().map(DeliveryEvent::name).collect()
    }

    pub async fn end(&self, n: usize) -> Vec<DeliveryEvent> {
        until("the message has ended", async || self.ledger(n).await.last().is_some_and(DeliveryEvent::is_final)).await;
        self.ledger(n).await
    }
}

fn events(stored: &Stored) -> Vec<DeliveryEvent> {
    let decoded = wire::decode(&stored.subject, &stored.payload).expect("readable");
    let delivery = |event| {
        let Event::Delivery(event) = event else { panic!("of a delivery") };
        event
    };
    decoded.events.into_iter().map(delivery).collect()
}

/// A running worker; killed when dropped.
pub struct Running {
    pub status: DeliveryStatus,
    pub stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    clock: Arc<ManualClock>,
}

impl Running {
    pub fn numbers(&self) -> StatusSnapshot {
        self.status.snapshot(twofold_engine::Clock::now(&*self.clock))
    }

    /// As `kill -9` would.
    pub async fn kill(mut self) {
        let task = self.task.take().expect("running");
        task.abort();
        let _ = task.await;
    }

    /// As a terminating service manager would.
    pub async fn drain(mut self) {
        self.stop.cancel();
        let task = self.task.take().expect("running");
        tokio::time::timeout(SOON, task).await.expect("drained in time").expect("no panic");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Waits for a condition.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = tokio::time::Instant::now() + SOON;
    while !holds().await {
        assert!(tokio::time::Instant::now() < end, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn mail_channel(sink: &SmtpSink, from: &str) -> Value {
    json!({
        "transport": "smtp", "host": "localhost", "port": sink.port(), "tls": "none", "from": from,
        "hello_name": "twofold.example", "timeout_ms": 20_000,
    })
}

pub fn twilio_channel(url: &str, token: &str) -> Value {
    let twilio = json!({ "base_url": url, "account_sid": ACCOUNT_SID, "auth_token": token, "from": "12345" });
    json!({ "provider": "twilio", "twilio": twilio })
}

pub const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";

pub fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("readable")
}

pub fn sms_operator(url: &str, token: &str) -> OperatorChannels {
    OperatorChannels { email: None, sms: Some(read::<SmsChannel>(twilio_channel(url, token))) }
}
