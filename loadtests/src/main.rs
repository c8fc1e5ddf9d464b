//! Load on the verification hot path of a running server, and what is left of the promises when things break.
//!
//! `twofold-load verify --url http://127.0.0.1:8080 --key tf_live_… --users 10000`
//! `twofold-load power-loss`
//! `twofold-load faults --kills 100`
//! `twofold-load deliver --production`
//! `twofold-load providers --count 2`

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;
use twofold_loadtests::{deliver, faults, power_loss, providers, verify};

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
    /// Closed loop: as many verifications a second as the server can do, in rounds of one TOTP step each.
    Verify(verify::Options),
    /// Kills, cuts off and fills up everything of the production shape under load, and checks every promise.
    Faults(faults::Options),
    /// Cuts the power of each log in the middle of appends, and looks for what it had acknowledged.
    PowerLoss(power_loss::Options),
    /// Asks for many codes of many tenants over providers that fail, kills workers meanwhile, and checks every message.
    Deliver(deliver::Options),
    /// Providers that misbehave as told: SMTP, Twilio and plain HTTP, until Ctrl-C.
    Providers(providers::Options),
    /// Appends to a SQLite log until killed; `power-loss` runs it.
    #[command(hide = true)]
    Append(power_loss::child::Options),
}

fn main() -> Result<ExitCode> {
    let command = Cli::parse().command;
    // One thread for the generator: it shares the machine with the server and must leave it room. Faults are injected by
    // calls that block, which must not stop the clients nor the proxies.
    let mut runtime = match command {
        Command::Faults(_) | Command::Deliver(_) => Builder::new_multi_thread(),
        Command::Verify(_) | Command::PowerLoss(_) | Command::Append(_) | Command::Providers(_) => {
            Builder::new_current_thread()
        }
    };
    runtime.enable_all().build()?.block_on(async {
        match command {
            Command::Verify(options) => verify::run(options).await.map(|()| ExitCode::SUCCESS),
            Command::Faults(options) => faults::run(options).await,
            Command::Deliver(options) => deliver::run(options).await,
            Command::Providers(options) => providers::run(options).await,
            Command::PowerLoss(options) => power_loss::run(options).await,
            Command::Append(options) => power_loss::child::run(options).await.map(|()| ExitCode::SUCCESS),
        }
    })
}
