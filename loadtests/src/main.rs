//! Load on the verification hot path of a running server, and what is left of the promises when things break.
//!
//! `twofold-load seed --key tf_live_… --users 1000000 --file users.bin`
//! `twofold-load load verify --key tf_live_… --users-file users.bin --rate 5000`
//! `twofold-load compare before.json after.json`
//! `twofold-load curves`
//! `twofold-load bench`
//! `twofold-load soak`
//! `twofold-load storm`
//! `twofold-load power-loss`
//! `twofold-load faults --kills 100`
//! `twofold-load deliver --production`
//! `twofold-load providers --count 2`

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;
use twofold_loadtests::{bench, compare, curves, deliver, faults, power_loss, providers, scenarios, soak, storm};

#[derive(Debug, Parser)]
#[command(
    name = "twofold-load",
    about = "Load on verification and code delivery, faults and power losses; only on servers of this machine"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a scenario on running servers, at a rate or as fast as they can, and checks every answer.
    Load(scenarios::Options),
    /// Makes users with an authenticator app and keeps them in a file, for any number of loads.
    Seed(scenarios::SeedOptions),
    /// Tells what became better and what worse from one run to another.
    Compare(compare::Options),
    /// Measures what a verification costs as users and their histories grow, on a server of its own.
    Curves(curves::Options),
    /// The hot path beside a bare route and other servers that check codes; writes RESULTS.md.
    Bench(bench::Options),
    /// Mixed load for a long time at half of what there can be: errors, memory, lag, and the log at the end; writes a page.
    Soak(soak::Options),
    /// Logins with and without a guessing storm beside them; writes a page.
    Storm(storm::Options),
    /// Kills, cuts off and fills up everything of the production shape under load, and checks every promise.
    Faults(faults::Options),
    /// Cuts the power of each log in the middle of appends, and looks for what it had acknowledged.
    PowerLoss(power_loss::Options),
    /// Asks for many codes of many tenants over providers that fail, kills workers meanwhile, and checks every message.
    Deliver(deliver::Options),
    /// Providers that misbehave as told: SMTP, Twilio and plain HTTP, until Ctrl-C.
    Providers(providers::Options),
    /// A route that only reads and answers JSON; `bench` runs it.
    #[command(hide = true)]
    Bare(bench::bare::Options),
    /// Appends to a SQLite log until killed; `power-loss` runs it.
    #[command(hide = true)]
    Append(power_loss::child::Options),
}

fn main() -> Result<ExitCode> {
    let command = Cli::parse().command;
    // One thread for the generator: it shares the machine with the server and must leave it room. Faults are injected by
    // calls that block, which must not stop the clients nor the proxies.
    let mut runtime = match command {
        Command::Faults(_) | Command::Deliver(_) | Command::Bare(_) => Builder::new_multi_thread(),
        // Starting servers blocks, too; one thread plays the clients.
        Command::Bench(_) | Command::Soak(_) | Command::Storm(_) | Command::Curves(_) => {
            let mut one = Builder::new_multi_thread();
            one.worker_threads(1);
            one
        }
        Command::Load(_)
        | Command::Seed(_)
        | Command::Compare(_)
        | Command::PowerLoss(_)
        | Command::Append(_)
        | Command::Providers(_) => Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        match command {
            Command::Load(options) => scenarios::run(options).await,
            Command::Seed(options) => scenarios::run_seed(options).await,
            Command::Compare(options) => compare::run(&options).map(|()| ExitCode::SUCCESS),
            Command::Curves(options) => curves::run(options).await.map(|()| ExitCode::SUCCESS),
            Command::Bench(options) => bench::run(options).await,
            Command::Soak(options) => soak::run(options).await,
            Command::Storm(options) => storm::run(options).await,
            Command::Bare(options) => bench::bare::run(options).await.map(|()| ExitCode::SUCCESS),
            Command::Faults(options) => faults::run(options).await,
            Command::Deliver(options) => deliver::run(options).await,
            Command::Providers(options) => providers::run(options).await,
            Command::PowerLoss(options) => power_loss::run(options).await,
            Command::Append(options) => power_loss::child::run(options).await.map(|()| ExitCode::SUCCESS),
        }
    })
}
