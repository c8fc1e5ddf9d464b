//! `twofold key …`

mod create;
mod list;
mod revoke;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use twofold_domain::tenant::{ApiKeyRecord, Scope};

use super::Shared;
use super::run::block_on;
use crate::failure::Done;

/// Make, list and revoke API keys, directly in the log; running servers notice within a second
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Revoke(revoke::RevokeArgs),
}

pub use self::create::ModeName;

pub fn run(shared: &Shared, args: KeyArgs) -> Done {
    block_on(async {
        match args.command {
            KeyCommand::Create(args) => create::run(shared, args).await,
            KeyCommand::List(args) => list::run(shared, args).await,
            KeyCommand::Revoke(args) => revoke::run(shared, args).await,
        }
    })
}

/// A key as JSON, without anything secret.
pub fn describe(record: &ApiKeyRecord) -> Value {
    json!({ "id": record.id.as_str(), "mode": record.mode.name(), "scopes": scopes(record), "label": record.label })
}

fn scopes(record: &ApiKeyRecord) -> Vec<&'static str> {
    record.scopes.iter().copied().map(Scope::name).collect()
}
