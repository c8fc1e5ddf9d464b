//! `twofold api`, `twofold deliver`, `twofold project`: the parts of `serve`, each in as many processes as are needed.

use clap::Args;

use super::Shared;
use super::serve::{ListenArgs, serve};
use crate::compose::Roles;
use crate::config::Flags;
use crate::failure::Done;

/// Answer panels; any number of processes, all equal
///
/// Needs nats.servers, postgres.url and the master key. Keeps nothing: a code that one process accepted is used up in
/// all of them. Without the database it goes on verifying, and /readyz says what is missing.
#[derive(Debug, Args)]
pub struct ApiArgs {
    #[command(flatten)]
    listen: ListenArgs,
}

/// Send codes by e-mail and SMS; any number of processes, which divide the work
///
/// Needs nats.servers and the master key, no database. Told to stop it finishes the attempts under way and gives the
/// rest back, to be taken up by another process at once. Listens for /healthz, /readyz and /metrics.
#[derive(Debug, Args)]
pub struct DeliverArgs {
    #[command(flatten)]
    listen: ListenArgs,
    /// What to send: email, sms [default: both]
    #[arg(long, value_delimiter = ',', value_name = "CHANNELS")]
    channels: Vec<String>,
    /// Attempts at once [default: 8]
    #[arg(long, value_name = "NUMBER")]
    concurrency: Option<u16>,
}

/// Keep the read model up with the log; of several processes one works and the others stand by
///
/// Needs nats.servers and postgres.url, no master key: it copies what is sealed as it is. Listens for /healthz, /readyz
/// and /metrics.
#[derive(Debug, Args)]
pub struct ProjectArgs {
    #[command(flatten)]
    listen: ListenArgs,
}

pub fn api(shared: &Shared, args: ApiArgs) -> Done {
    serve(&shared.flags(args.listen.listen), Roles::API)
}

pub fn deliver(shared: &Shared, args: DeliverArgs) -> Done {
    let DeliverArgs { listen, channels, concurrency } = args;
    serve(&Flags { channels, concurrency, ..shared.flags(listen.listen) }, Roles::DELIVER)
}

pub fn project(shared: &Shared, args: ProjectArgs) -> Done {
    serve(&shared.flags(args.listen.listen), Roles::PROJECT)
}
