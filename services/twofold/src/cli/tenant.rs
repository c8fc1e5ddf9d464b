//! `twofold tenant …`

mod channel;
mod create;
mod list;
mod settings;
mod show;
mod suspend;

use clap::{Args, Subcommand};

use super::Shared;
use super::run::block_on;
use crate::failure::Done;

/// Make, list, change and suspend tenants, directly in the log; running servers notice within a second
#[derive(Debug, Args)]
pub struct TenantArgs {
    #[command(subcommand)]
    command: TenantCommand,
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    Create(create::CreateArgs),
    /// List every tenant
    List,
    Show(show::ShowArgs),
    Suspend(suspend::SuspendArgs),
    Resume(suspend::ResumeArgs),
    Settings(settings::SettingsArgs),
    Channel(channel::ChannelArgs),
}

pub fn run(shared: &Shared, args: TenantArgs) -> Done {
    block_on(async {
        match args.command {
            TenantCommand::Create(args) => create::run(shared, args).await,
            TenantCommand::List => list::run(shared).await,
            TenantCommand::Show(args) => show::run(shared, args).await,
            TenantCommand::Suspend(args) => suspend::suspend(shared, args).await,
            TenantCommand::Resume(args) => suspend::resume(shared, args).await,
            TenantCommand::Settings(args) => settings::run(shared, args).await,
            TenantCommand::Channel(args) => channel::run(shared, args).await,
        }
    })
}
