//! What every route can reach.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use twofold_engine::Engine;
use twofold_read_model::ReadStore;

use crate::callbacks::RefusedCallbacks;
use crate::metrics::Metrics;

/// Limits of the HTTP side.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Largest accepted request body, in bytes.
    pub max_body_bytes: usize,
    /// Requests worked on at a time; more are answered 503.
    pub max_in_flight: usize,
    /// Longest wait for `min_position`.
    pub max_read_wait: Duration,
    /// Time limit of one request.
    pub request_timeout: Duration,
    /// Rows of one export of the audit; the rest is left to the next request.
    pub max_export_rows: usize,
    /// Where providers reach this API, without a slash at the end: signatures of callbacks are checked over it. None: no
    /// callback is believed.
    pub public_url: Option<String>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 * 1024,
            max_in_flight: 4096,
            max_read_wait: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            max_export_rows: 100_000,
            public_url: None,
        }
    }
}

/// What is not well with a process, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// Why it should get no requests; empty when it is ready.
    pub troubles: Vec<(&'static str, String)>,
    /// What it goes on without.
    pub degraded: Vec<(&'static str, String)>,
}

/// Whether this process can do its work; asked by `/readyz`, and so answered from what is known already.
pub trait Readiness: Send + Sync + std::fmt::Debug {
    /// How it is now.
    fn condition(&self) -> Condition;
}

/// What `/healthz`, `/readyz` and `/metrics` are answered from, in processes without an API as well.
#[derive(Debug, Clone)]
pub struct Operations {
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// For `/readyz`.
    pub readiness: Arc<dyn Readiness>,
}

impl FromRef<App> for Operations {
    fn from_ref(app: &App) -> Self {
        app.operations.clone()
    }
}

/// The application. A clone is one more handle: every layer and route of a request takes one.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    parts: AppParts,
    refused_callbacks: RefusedCallbacks,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(Shared { parts, refused_callbacks: RefusedCallbacks::default() }))
    }

    /// Sources of callbacks that were not believed.
    pub(crate) fn refused_callbacks(&self) -> &RefusedCallbacks {
        &self.0.refused_callbacks
    }
}

impl std::ops::Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0.parts
    }
}

/// What the application is made of.
#[derive(Debug)]
pub struct AppParts {
    /// The use cases.
    pub engine: Arc<Engine>,
    /// The read model; it never authorises anything (invariant 1).
    pub store: Arc<dyn ReadStore>,
    /// Limits.
    pub config: ApiConfig,
    /// Counters and readiness.
    pub operations: Operations,
}
