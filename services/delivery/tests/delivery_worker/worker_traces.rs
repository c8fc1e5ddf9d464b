//! The trace of the request that asked for a message goes on in the worker.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};
use twofold_crypto::{KeyStore, Lookup, StoreFuture};
use twofold_telemetry::current_traceparent;
use twofold_test_support::{SinkOptions, SmtpSink};

use super::house::House;
use super::panel::Panel;
use super::queue::MemoryQueue;

const ASKED_UNDER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Notes under which trace it is asked.
#[derive(Debug)]
struct Noting {
    inner: Arc<dyn KeyStore>,
    traces: Mutex<Vec<Option<String>>>,
}

impl KeyStore for Noting {
    fn get<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, Lookup> {
        self.traces.lock().expect("no panic").push(current_traceparent());
        self.inner.get(owner)
    }

    fn put_if_absent<'a>(&'a self, owner: &'a str, wrapped: Vec<u8>) -> StoreFuture<'a, Lookup> {
        self.inner.put_if_absent(owner, wrapped)
    }

    fn replace<'a>(&'a self, owner: &'a str, old: &'a [u8], new: Vec<u8>) -> StoreFuture<'a, bool> {
        self.inner.replace(owner, old, new)
    }

    fn destroy<'a>(&'a self, owner: &'a str) -> StoreFuture<'a, bool> {
        self.inner.destroy(owner)
    }
}

#[tokio::test]
async fn a_message_is_carried_in_the_trace_of_the_request_that_asked_for_it() {
    let spans_of = SdkTracerProvider::builder().build().tracer("test");
    let spans = tracing_opentelemetry::layer().with_tracer(spans_of).with_filter(EnvFilter::new("info"));
    let _exporting = tracing::subscriber::set_default(Registry::default().with(spans));
    let sink = SmtpSink::start(&SinkOptions::default()).expect("the sink starts");
    let house = House::with_mail(&sink);
    let panel = Panel::new(&house.engine().await, "acme").await;
    panel.newcomer("ada").await;
    let store = Arc::new(Noting { inner: Arc::clone(&house.store), traces: Mutex::default() });
    let mut queue = (*MemoryQueue::new(&house.log, Duration::from_hours(1))).clone();
    queue.trace = Some(ASKED_UNDER.into());
    let engine = house.engine_with(Arc::<Noting>::clone(&store) as Arc<dyn KeyStore>).await;
    let _worker = house.worker_with(engine, house.config().from_queue(Arc::new(queue)));
    assert_eq!(house.ended(0).await, ["delivery.accepted"]);
    let traces = store.traces.lock().expect("no panic").clone();
    let trace = |context: &str| context[..35].to_owned();
    assert!(!traces.is_empty());
    for seen in traces {
        let seen = seen.expect("a context");
        assert_eq!(trace(&seen), trace(ASKED_UNDER));
        assert_ne!(seen, ASKED_UNDER, "in a span of its own");
    }
}
