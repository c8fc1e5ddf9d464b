//! Being told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use twofold_delivery::worker::OperatorChannels;
use twofold_domain::Method;
use twofold_test_support::{HttpStub, Reaction};

use super::house::{House, read, until};
use super::panel::{NUMBER, Panel};

async fn house_of(stub: &HttpStub) -> (House, Panel) {
    let http = json!({ "url": stub.url(), "format": "json", "body": "{\"to\": {{ to }}, \"text\": {{ body }}}" });
    let mut house = House::new(Vec::new());
    house.operator = OperatorChannels { email: None, sms: Some(read(json!({ "provider": "http", "http": http }))) };
    let panel = Panel::new(&house.engine().await, "acme").await;
    for (id, number) in [("ada", NUMBER), ("bea", "+4915112345679")] {
        panel.register(id, "a@example.net", number).await;
        panel.enrol(id, Method::Sms).await;
    }
    (house, panel)
}

/// A provider that answers nobody before it is told to, in a thread of its own.
struct Patient {
    stub: HttpStub,
    go: Arc<AtomicBool>,
    _runtime: Quiet,
}

struct Quiet(Option<tokio::runtime::Runtime>);

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn patient() -> Patient {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let go = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&go);
    let answer = move |_: &_| {
        while !told.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Reaction::status(200)
    };
    let stub = runtime.spawn(HttpStub::start(answer)).await.expect("no panic").expect("stub");
    Patient { stub, go, _runtime: Quiet(Some(runtime)) }
}

#[tokio::test]
async fn an_attempt_under_way_is_finished_and_recorded_and_no_other_is_begun() {
    let provider = patient().await;
    let (house, _panel) = house_of(&provider.stub).await;
    let mut config = house.config();
    config.channel_concurrency = 1;
    let worker = house.worker_with(house.engine().await, config);
    until("under way", async || provider.stub.requests().len() == 1 && worker.numbers().open == 2).await;
    worker.stop.cancel();
    provider.go.store(true, Ordering::SeqCst);
    worker.drain().await;
    let mut lengths = [house.ledger(0).await.len(), house.ledger(1).await.len()];
    lengths.sort_unstable();
    assert_eq!((lengths, provider.stub.requests().len()), ([0, 1], 1));
    let _next = house.worker().await;
    for n in 0..2 {
        assert_eq!(house.ended(n).await, ["delivery.accepted"]);
    }
    assert_eq!(provider.stub.requests().len(), 2);
}

#[tokio::test]
async fn grace_ends() {
    let stub = HttpStub::start(|_| Reaction::Hang).await.expect("stub");
    let (house, _panel) = house_of(&stub).await;
    let mut config = house.config();
    config.grace = Duration::from_millis(50);
    let worker = house.worker_with(house.engine().await, config);
    until("under way", async || worker.numbers().in_flight == 2).await;
    let status = worker.status.clone();
    worker.drain().await;
    assert_eq!(status.snapshot(twofold_domain::Timestamp(0)).in_flight, 0);
    assert!(house.ledger(0).await.is_empty() && house.ledger(1).await.is_empty(), "left for the next worker");
}
