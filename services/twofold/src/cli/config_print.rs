//! `twofold config …`

use clap::{Args, Subcommand};

use super::Shared;
use crate::config;
use crate::failure::Done;
use crate::output;

/// Look at the settings
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the effective settings and where each comes from; secrets are not shown
    Print,
}

pub fn run(shared: &Shared, args: &ConfigArgs) -> Done {
    let ConfigCommand::Print = args.command;
    let effective = config::load(&shared.flags(None))?;
    let mut table = output::table(&["SETTING", "VALUE", "FROM"]);
    for row in effective.shown() {
        table.add_row(vec![row.key, row.value.unwrap_or_else(|| "-".to_owned()), row.origin]);
    }
    output::show(&table, "");
    Ok(())
}
