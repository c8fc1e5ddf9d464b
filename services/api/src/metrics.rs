//! Counters of the HTTP side.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::callbacks::CallbackCounts;

/// The counters. Names start with `twofold_`.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    in_flight: AtomicUsize,
    shown_in_flight: Gauge<i64, AtomicI64>,
    by_class: [Counter; 6],
    verified: Counter,
    rejected: Counter,
    seconds: Histogram,
    verify_seconds: Histogram,
    callbacks: CallbackCounts,
}

/// Upper bounds of the histograms, in seconds: from an answer out of memory to the time limit of a request.
const BOUNDS: [f64; 13] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("twofold");
        let by_class: [Counter; 6] = Default::default();
        for (class, counter) in by_class.iter().enumerate().skip(1) {
            registry.register(
                format!("http_responses_{class}xx"),
                format!("HTTP responses with a {class}xx status"),
                counter.clone(),
            );
        }
        let (verified, rejected) = (Counter::default(), Counter::default());
        registry.register("codes_accepted", "Codes accepted", verified.clone());
        registry.register("codes_rejected", "Codes not accepted", rejected.clone());
        let (seconds, verify_seconds) = (Histogram::new(BOUNDS), Histogram::new(BOUNDS));
        registry.register("http_request_seconds", "Time to answer a request", seconds.clone());
        registry.register("verify_seconds", "Time to answer an attempt with a code", verify_seconds.clone());
        let shown_in_flight = Gauge::<i64, AtomicI64>::default();
        registry.register("http_in_flight", "Requests being worked on", shown_in_flight.clone());
        let callbacks = CallbackCounts::register(&mut registry);
        Self {
            registry: Mutex::new(registry),
            in_flight: AtomicUsize::new(0),
            shown_in_flight,
            by_class,
            verified,
            rejected,
            seconds,
            verify_seconds,
            callbacks,
        }
    }
}

/// One request being worked on.
#[derive(Debug)]
pub struct InFlight {
    metrics: Arc<Metrics>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.metrics.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Takes a place; none when all are taken.
    pub fn enter(self: &Arc<Self>, most: usize) -> Option<InFlight> {
        let place = InFlight { metrics: Arc::clone(self) };
        (self.in_flight.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }

    /// Counts an answer and the time it took; `verifies` when it judged a code, or was meant to.
    pub fn answered(&self, status: StatusCode, took: Duration, verifies: bool) {
        self.seconds.observe(took.as_secs_f64());
        if verifies {
            self.verify_seconds.observe(took.as_secs_f64());
        }
        if let Some(counter) = self.by_class.get(usize::from(status.as_u16() / 100)) {
            counter.inc();
        }
    }

    /// Counts a judged code.
    pub fn judged(&self, accepted: bool) {
        if accepted { &self.verified } else { &self.rejected }.inc();
    }

    /// Callbacks of providers.
    pub const fn callbacks(&self) -> &CallbackCounts {
        &self.callbacks
    }

    /// Lets other parts of the process add their own.
    pub fn registry(&self) -> &Mutex<Registry> {
        &self.registry
    }

    /// The `OpenMetrics` text.
    pub fn text(&self) -> String {
        self.shown_in_flight.set(i64::try_from(self.in_flight.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        let mut text = String::new();
        if encode(&mut text, &self.registry.lock()).is_err() {
            text.clear();
        }
        text
    }
}
