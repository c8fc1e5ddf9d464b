//! `twofold dead …`

mod find;
mod list;
mod revive;
mod show;

use clap::{Args, Subcommand};

use super::Shared;
use super::run::block_on;
use crate::failure::Done;

/// Look at messages that were given up, and give them another chance or put them away
///
/// Reads log and read model directly, also while servers run.
#[derive(Debug, Args)]
pub struct DeadArgs {
    #[command(subcommand)]
    command: DeadCommand,
}

#[derive(Debug, Subcommand)]
enum DeadCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Redrive(revive::RedriveArgs),
    Drop(revive::DropArgs),
}

pub fn run(shared: &Shared, args: &DeadArgs) -> Done {
    block_on(async {
        match &args.command {
            DeadCommand::List(args) => list::run(shared, args).await,
            DeadCommand::Show(args) => show::run(shared, args).await,
            DeadCommand::Redrive(args) => revive::redrive(shared, args).await,
            DeadCommand::Drop(args) => revive::put_away(shared, args).await,
        }
    })
}
