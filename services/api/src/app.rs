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

/// The application.
#[derive(Debug, Clone)]
pub struct App {
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
