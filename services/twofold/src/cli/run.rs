//! What every command needs around it: settings, logs, a runtime.

use twofold_telemetry::{Telemetry, TelemetryOptions};

use crate::config::{self, Effective, Flags};
use crate::failure::{Context as _, Done, Failure};

/// Lines of commands other than `serve`: what went wrong, nothing else.
const QUIET: &str = "warn";

/// Settings and logs of a server.
pub fn start_server(flags: &Flags) -> Result<(Effective, Telemetry), Failure> {
    let effective = config::load(flags)?;
    let telemetry = logs(&effective.settings.telemetry_options())?;
    Ok((effective, telemetry))
}

/// Settings of a command; its logs are quiet and its spans stay here.
pub fn start_command(flags: &Flags) -> Result<Effective, Failure> {
    let effective = config::load(flags)?;
    quiet_logs(&effective)?;
    Ok(effective)
}

fn quiet_logs(effective: &Effective) -> Done {
    let mut options = effective.settings.telemetry_options();
    options.otlp_endpoint = None;
    if effective.is_default("log.level") {
        QUIET.clone_into(&mut options.filter);
    }
    // Without an exporter there is nothing to flush.
    logs(&options).map(drop)
}

fn logs(options: &TelemetryOptions) -> Result<Telemetry, Failure> {
    // The exporter and every HTTP client use the one TLS library this is built with.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    twofold_telemetry::init(options).context("logging cannot be started")
}

/// Runs something asynchronous to its end.
pub fn block_on(work: impl Future<Output = Done>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(work)
}
