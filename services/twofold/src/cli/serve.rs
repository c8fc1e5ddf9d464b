//! `twofold serve`

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::run::{block_on, start_server};
use crate::cli::serve_welcome::welcome;
use crate::compose::{Server, stop_on_signals};
use crate::config::Settings;
use crate::failure::{Context as _, Done};
use crate::output;

/// Serve: API, code delivery and read model in one process (the default command)
///
/// Takes the data folder for itself; a second server on the same folder is refused. On the very first start it makes a
/// tenant named demo with a test key, a live key and an operator key, and prints them once. Logs go to standard error;
/// the address is also written to listen.addr in the data folder. SIGTERM or SIGINT stops it: no new connections,
/// requests in flight have 10 seconds, then the files are closed.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
}

pub fn run(shared: &Shared, args: ServeArgs) -> Done {
    let (effective, telemetry) = start_server(&shared.flags(args.listen))?;
    let done = block_on(serve(&effective.settings));
    telemetry.shutdown();
    done
}

async fn serve(settings: &Settings) -> Done {
    let stop = CancellationToken::new();
    stop_on_signals(stop.clone()).context("signals cannot be received")?;
    let (server, keys) = Server::prepare(settings, stop).await?;
    if let Some(keys) = keys {
        welcome(server.dir(), server.address(), &keys).iter().for_each(output::line);
    }
    server.run().await
}
