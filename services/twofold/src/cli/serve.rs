//! `twofold serve`, and what every serving process has in common.

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::run::{block_on, start_server};
use crate::cli::serve_welcome::welcome;
use crate::compose::{Process, Roles, stop_on_signals};
use crate::config::{Flags, Settings};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Serve: API, code delivery and read model in one process (the default command)
///
/// Takes the data folder for itself; a second server on the same folder is refused. On the very first start it makes a
/// tenant named demo with a test key, a live key and an operator key, and prints them once. Logs go to standard error;
/// the address is also written to listen.addr in the data folder. SIGTERM or SIGINT stops it: no new connections,
/// requests in flight have 10 seconds, then the files are closed.
///
/// With nats.servers set, everything is with the broker and the database instead, nothing is in the data folder, and
/// any number of these processes may run; `twofold init` makes the first key.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub listen: ListenArgs,
}

/// Of every serving process.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
}

pub fn run(shared: &Shared, args: ServeArgs) -> Done {
    serve(&shared.flags(args.listen.listen), Roles::ALL)
}

/// Runs a process with these roles until it is told to stop.
pub fn serve(flags: &Flags, roles: Roles) -> Done {
    let (effective, telemetry) = start_server(flags)?;
    let done = block_on(until_stopped(&effective.settings, roles));
    telemetry.shutdown();
    done
}

async fn until_stopped(settings: &Settings, roles: Roles) -> Done {
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone()).context("signals cannot be received")?;
    // It may wait long for servers that are not there yet.
    match stop.clone().run_until_cancelled(Box::pin(start(settings, roles, stop))).await {
        Some(started) => started?.run().await,
        None => Ok(()),
    }
}

async fn start(settings: &Settings, roles: Roles, stop: CancellationToken) -> Result<Process, Failure> {
    let (process, keys) = Process::prepare(settings, roles, stop).await?;
    if let (Some(keys), Some(dir)) = (keys, process.folder()) {
        welcome(dir, process.address(), &keys).iter().for_each(output::line);
    }
    process.begin().await?;
    Ok(process)
}
