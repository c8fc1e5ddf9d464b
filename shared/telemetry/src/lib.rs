//! Logs and traces: one subscriber for the whole process.
//!
//! Logs go to standard error, as text or as one JSON object a line. Spans also go to an OpenTelemetry collector when an
//! endpoint is configured. Secrets, codes, addresses and numbers are never fields of an event or a span (invariant 5):
//! nothing here can take them out again.

mod context;
mod otlp;
mod subscriber;

use opentelemetry_sdk::trace::SdkTracerProvider;

pub use context::{continue_trace, current_traceparent};
pub use subscriber::check_filter;

/// Name of the service in traces.
pub const SERVICE_NAME: &str = "twofold";

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// What to log and where to send spans.
#[derive(Debug, Clone, Default)]
pub struct TelemetryOptions {
    /// A filter such as `info` or `info,twofold_engine=debug`. Empty means `info`.
    pub filter: String,
    /// The form of a line.
    pub format: LogFormat,
    /// The collector's address for OTLP over HTTP, such as `http://127.0.0.1:4318`. None: no spans are exported.
    pub otlp_endpoint: Option<String>,
    /// Version of the program, for traces.
    pub version: &'static str,
}

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("not a log filter: {0}")]
    Filter(String),
    /// The exporter cannot be built.
    #[error("the trace exporter cannot be built: {0}")]
    Exporter(String),
    /// A subscriber is installed already.
    #[error("logging was started twice")]
    Twice,
}

/// Keeps the exporter alive. Spans still waiting are sent by [`Telemetry::shutdown`].
#[derive(Debug)]
#[must_use = "spans still waiting are lost when this is dropped without shutdown"]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends the spans that still wait; at most 5 seconds. Call it from outside the asynchronous runtime, or from a
    /// thread that may block.
    pub fn shutdown(self) {
        if let Some(provider) = self.provider
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "not all spans could be sent");
        }
    }
}

/// Installs the subscriber of this process. Once per process.
///
/// # Errors
/// [`TelemetryError`]; nothing was installed.
pub fn init(options: &TelemetryOptions) -> Result<Telemetry, TelemetryError> {
    let provider =
        options.otlp_endpoint.as_deref().map(|endpoint| otlp::provider(endpoint, options.version)).transpose()?;
    subscriber::install(options, provider.as_ref())?;
    Ok(Telemetry { provider })
}
