//! The exporter of spans: OTLP over HTTP with protobuf, from a thread of its own.

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::{SERVICE_NAME, TelemetryError};

/// Where a collector takes spans (OTLP specification 1.x, section "OTLP/HTTP Request").
const TRACES_PATH: &str = "/v1/traces";

/// A provider whose batches go to the collector. Building it sends nothing.
pub fn provider(endpoint: &str, version: &'static str) -> Result<SdkTracerProvider, TelemetryError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(traces_endpoint(endpoint))
        .build()
        .map_err(|error| TelemetryError::Exporter(error.to_string()))?;
    let resource = Resource::builder()
        .with_service_name(SERVICE_NAME)
        .with_attribute(KeyValue::new("service.version", version))
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// The collector's base address becomes the address of its traces; a full one is taken as it is.
fn traces_endpoint(endpoint: &str) -> String {
    let base = endpoint.trim_end_matches('/');
    if base.ends_with(TRACES_PATH) { base.to_owned() } else { format!("{base}{TRACES_PATH}") }
}

#[cfg(test)]
mod tests {
    use super::traces_endpoint;

    #[test]
    fn base_and_full_addresses_are_the_same() {
        for given in ["http://c:4318", "http://c:4318/", "http://c:4318/v1/traces", "http://c:4318/v1/traces/"] {
            assert_eq!(traces_endpoint(given), "http://c:4318/v1/traces", "{given}");
        }
    }
}
