//! The settings, read. Defaults come from the list of known settings.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use twofold_api::ApiConfig;
use twofold_delivery::transport::guard::AllowEntry;
use twofold_delivery::transport::{EmailChannel, SmsChannel};
use twofold_domain::sending::OperatorLimits;
use twofold_telemetry::{LogFormat, TelemetryOptions};

use crate::channel_name::ChannelName;

/// The effective settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the HTTP server listens.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// From the environment only; none: the file in the data folder.
    #[serde(skip)]
    pub master_key: Option<SecretString>,
    /// The broker.
    pub nats: NatsSection,
    /// The database of the read model.
    pub postgres: PostgresSection,
    /// Limits of the HTTP side.
    pub api: ApiSection,
    /// Log lines.
    pub log: LogSection,
    /// Traces.
    #[serde(default)]
    pub telemetry: TelemetrySection,
    /// The use cases.
    pub engine: EngineSection,
    /// The sending side.
    pub delivery: DeliverySection,
}

/// `[nats]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSection {
    /// Any: the log, the keys and the work are with these servers, and nothing of them is in the data folder.
    #[serde(default)]
    pub servers: Vec<String>,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<SecretString>,
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
    #[serde(default)]
    pub tls_ca: Option<PathBuf>,
    #[serde(default)]
    pub tls_cert: Option<PathBuf>,
    #[serde(default)]
    pub tls_key: Option<PathBuf>,
    pub stream: String,
    /// Where the servers tell their own settings, should the account not be allowed to ask.
    pub monitors: Vec<String>,
    /// Serve although the servers may lose what they acknowledged.
    pub allow_unsafe: bool,
}

/// `[postgres]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSection {
    #[serde(default)]
    pub url: Option<SecretString>,
    pub max_connections: u32,
}

/// `[api]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSection {
    pub max_body_bytes: usize,
    pub max_in_flight: usize,
    pub request_timeout_ms: u64,
    pub max_read_wait_ms: u64,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    pub level: String,
    pub format: FormatName,
}

/// Form of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatName {
    Text,
    Json,
}

/// `[telemetry]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySection {
    #[serde(default)]
    pub otlp_endpoint: Option<String>,
}

/// `[engine]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSection {
    pub cached_users: usize,
}

/// `[delivery]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverySection {
    pub enabled: bool,
    pub concurrency: usize,
    pub channels: BTreeSet<ChannelName>,
    /// Configured in the processes that send, and so offered here as well.
    pub elsewhere: BTreeSet<ChannelName>,
    /// Whoever sends: it protects the owner of an address or number.
    pub per_destination_hour: u32,
    /// The same in a day (UTC).
    pub per_destination_day: u32,
    /// Where providers reach the API, as they see it: what signatures of callbacks are checked over.
    #[serde(default)]
    pub public_url: Option<String>,
    pub allow_private_networks: bool,
    pub allow: Vec<AllowEntry>,
    /// For every tenant without one of its own.
    #[serde(default)]
    pub email: Option<EmailChannel>,
    /// For every tenant without one of its own.
    #[serde(default)]
    pub sms: Option<SmsChannel>,
}

impl Settings {
    /// Whether log and work are with a broker, shared by any number of processes, instead of in one folder.
    pub const fn is_production(&self) -> bool {
        !self.nats.servers.is_empty()
    }

    /// For the HTTP side.
    pub fn api_config(&self) -> ApiConfig {
        ApiConfig {
            max_body_bytes: self.api.max_body_bytes,
            max_in_flight: self.api.max_in_flight,
            max_read_wait: Duration::from_millis(self.api.max_read_wait_ms),
            request_timeout: Duration::from_millis(self.api.request_timeout_ms),
            public_url: self.public_url(),
            ..ApiConfig::default()
        }
    }

    /// Limits over all tenants.
    pub fn operator_limits(&self) -> OperatorLimits {
        let limit = |max: u32| Some(max).filter(|max| *max > 0);
        OperatorLimits {
            per_destination_hour: limit(self.delivery.per_destination_hour),
            per_destination_day: limit(self.delivery.per_destination_day),
        }
    }

    /// Where providers reach the API, without a slash at the end.
    pub fn public_url(&self) -> Option<String> {
        self.delivery.public_url.as_deref().map(|url| url.trim_end_matches('/').to_owned())
    }

    /// For logs and traces.
    pub fn telemetry_options(&self) -> TelemetryOptions {
        TelemetryOptions {
            filter: self.log.level.clone(),
            format: match self.log.format {
                FormatName::Text => LogFormat::Text,
                FormatName::Json => LogFormat::Json,
            },
            otlp_endpoint: self.telemetry.otlp_endpoint.clone(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
