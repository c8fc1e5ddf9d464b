use std::path::PathBuf;

use clap::Args;
use twofold_domain::Channel;
use twofold_domain::tenant::TenantCommand;

use super::super::{Shared, document, session};
use crate::channel_name::ChannelName;
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Show, set or remove how a tenant's e-mail or SMS leaves; credentials are sealed and never shown again
#[derive(Debug, Args)]
pub struct ChannelArgs {
    /// Name or id
    name: String,
    /// Which
    channel: ChannelName,
    /// Set it to what a TOML or JSON file says
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    file: Option<PathBuf>,
    /// Take it away; the operator's channel is used instead, if there is one
    #[arg(long)]
    remove: bool,
}

pub async fn run(shared: &Shared, args: ChannelArgs) -> Done {
    let config = args.file.as_deref().map(document::read).transpose()?;
    let channel = Channel::from(args.channel);
    let core = session::open(shared, false).await?;
    let tenant = session::tenant(&core, &args.name)?;
    let context = session::context();
    if let Some(config) = config {
        let set = core.engine.configure_channel(&tenant.id, channel, &config, &context).await;
        set.map_err(|error| Failure::Failed(format!("nothing was changed: {error}")))?;
        output::line(format!("{}: {} is set", session::name_of(&tenant), channel.name()));
    } else if args.remove {
        core.engine
            .tenant_command(&tenant.id, &TenantCommand::RemoveChannel(channel), &context)
            .await
            .context("nothing was changed")?;
        output::line(format!("{}: {} is removed", session::name_of(&tenant), channel.name()));
    } else {
        match core.engine.channel_config(&tenant, channel).await.context("the channel cannot be read")? {
            Some(config) => output::json(&core.engine.outbound().redact_channel(channel, &config)),
            None => output::line(format!("{} has no {} channel of its own", session::name_of(&tenant), channel.name())),
        }
    }
    core.close().await;
    Ok(())
}
