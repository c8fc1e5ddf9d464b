//! Load on the verification hot path of a running server. Every answer is checked; a wrong one fails the run.
//!
//! `twofold-load verify --url http://127.0.0.1:8080 --key tf_live_… --users 10000`

mod client;
mod report;
mod seed;
mod verify;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "twofold-load",
    about = "Load on the verification hot path; only servers on this machine are accepted as targets"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Closed loop: as many verifications a second as the server can do, in rounds of one TOTP step each.
    Verify(verify::Options),
}

// One thread: the generator shares the machine with the server and must leave it room.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Verify(options) => verify::run(options).await,
    }
}
