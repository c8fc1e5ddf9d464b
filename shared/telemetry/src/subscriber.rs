//! Filter, form of the lines, and the layer that makes spans of ours into spans of OpenTelemetry.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::{LogFormat, SERVICE_NAME, TelemetryError, TelemetryOptions};

const DEFAULT_FILTER: &str = "info";
/// The exporter's own HTTP traffic must not become spans that are exported in turn.
const NEVER_EXPORTED: [&str; 4] = ["hyper=off", "reqwest=off", "h2=off", "opentelemetry=off"];

/// The broker's client writes out what it sends, passwords included, when asked for everything (C29); and at `info` it
/// only repeats what we say of the connection ourselves.
const NEVER_SAID: [&str; 2] = ["async_nats=warn", "async_nats::connection=warn"];

/// Whether a text is a usable filter; the error says what is wrong with it.
///
/// # Errors
/// [`TelemetryError::Filter`].
pub fn check_filter(text: &str) -> Result<(), TelemetryError> {
    filter(text).map(drop)
}

fn filter(text: &str) -> Result<EnvFilter, TelemetryError> {
    let text = if text.trim().is_empty() { DEFAULT_FILTER } else { text };
    // A word alone would be read as the name of a module: `inf` would silence everything.
    let is_target = |part: &str| part.contains(['=', '[']) || part.trim().parse::<LevelFilter>().is_ok();
    if let Some(word) = text.split(',').find(|part| !is_target(part)) {
        return Err(TelemetryError::Filter(format!("{} is no level", word.trim())));
    }
    EnvFilter::builder().parse(text).map_err(|error| TelemetryError::Filter(error.to_string()))
}

pub fn install(options: &TelemetryOptions, provider: Option<&SdkTracerProvider>) -> Result<(), TelemetryError> {
    let spans = provider
        .map(|provider| {
            let exported = without(filter(&options.filter)?, NEVER_EXPORTED.iter().chain(&NEVER_SAID))?;
            let tracer = provider.tracer(SERVICE_NAME);
            Ok::<_, TelemetryError>(tracing_opentelemetry::layer().with_tracer(tracer).with_filter(exported))
        })
        .transpose()?;
    let lines = lines(options.format).with_filter(without(filter(&options.filter)?, &NEVER_SAID)?);
    tracing_subscriber::registry().with(lines).with(spans).try_init().map_err(|_| TelemetryError::Twice)
}

/// The filter with some directives that win over whatever was asked for.
fn without<'a>(
    filter: EnvFilter,
    directives: impl IntoIterator<Item = &'a &'static str>,
) -> Result<EnvFilter, TelemetryError> {
    let add = |filter: EnvFilter, directive: &&str| {
        let parsed = directive.parse().map_err(|_| TelemetryError::Filter((*directive).to_owned()))?;
        Ok(filter.add_directive(parsed))
    };
    directives.into_iter().try_fold(filter, add)
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    // Colours only for people at a terminal; never into a file or a collector.
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    match format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brokers_client_never_writes_out_what_it_sends() {
        for asked in ["trace", "async_nats=trace", "info,async_nats::connection=trace"] {
            let kept = without(filter(asked).expect("a filter"), &NEVER_SAID).expect("directives");
            let text = kept.to_string();
            let of_it: Vec<&str> = text.split(',').filter(|directive| directive.starts_with("async_nats")).collect();
            assert_eq!(of_it.len(), NEVER_SAID.len(), "{text}");
            assert!(of_it.iter().all(|directive| directive.ends_with("=warn")), "{text}");
        }
    }

    #[test]
    fn filters_are_checked_before_anything_starts() {
        for good in ["", "info", "warn,twofold_engine=debug", "off"] {
            assert!(check_filter(good).is_ok(), "{good}");
        }
        for bad in ["loud", "a=b=c", "info,twofold=very"] {
            assert!(check_filter(bad).is_err(), "{bad}");
        }
    }
}
