use clap::Args;
use serde_json::json;
use twofold_domain::Channel;

use super::super::{Shared, key, session};
use crate::failure::{Context as _, Done};
use crate::output;

/// Show a tenant as JSON: its settings, its channels without credentials, its keys without secrets
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Name or id
    name: String,
}

pub async fn run(shared: &Shared, args: ShowArgs) -> Done {
    let core = session::open(shared, false).await?;
    let tenant = session::tenant(&core, &args.name)?;
    let mut channels = serde_json::Map::new();
    for channel in [Channel::Email, Channel::Sms] {
        let config = core.engine.channel_config(&tenant, channel).await.context("the channel cannot be read")?;
        if let Some(config) = config {
            channels.insert(channel.name().to_owned(), core.engine.outbound().redact_channel(channel, &config));
        }
    }
    let state = &tenant.state;
    output::json(&json!({
        "id": tenant.id.as_str(),
        "name": state.name,
        "preset": state.preset,
        "created_at": state.created_at.to_rfc3339(),
        "suspended": state.suspended,
        "settings": state.document,
        "channels": channels,
        "keys": state.keys.values().map(key::describe).collect::<Vec<_>>(),
    }));
    core.close().await;
    Ok(())
}
