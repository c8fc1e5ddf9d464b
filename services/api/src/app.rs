//! What every route can reach.

use std::sync::Arc;
use std::time::Duration;

use twofold_engine::Engine;
use twofold_read_model::ReadStore;

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
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 * 1024,
            max_in_flight: 4096,
            max_read_wait: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            max_export_rows: 100_000,
        }
    }
}

/// Whether this process can do its work; asked by `/readyz`.
pub trait Readiness: Send + Sync + std::fmt::Debug {
    /// Name and trouble of everything that is not well; empty when ready.
    fn troubles(&self) -> Vec<(&'static str, String)>;
}

/// The application. A clone is one more handle: every layer and route of a request takes one.
#[derive(Debug, Clone)]
pub struct App(Arc<AppParts>);

impl App {
    /// Puts the parts together.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

/// What the application is made of.
#[derive(Debug)]
pub struct AppParts {
    /// The use cases.
    pub engine: Arc<Engine>,
    /// The read model; it never authorises anything (invariant 1).
    pub store: Arc<dyn ReadStore>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Limits.
    pub config: ApiConfig,
    /// For `/readyz`.
    pub readiness: Arc<dyn Readiness>,
}
