//! `twofold pause` and `twofold resume`

use clap::Args;
use twofold_domain::Channel;

use super::reason::reason;
use super::run::block_on;
use super::{Shared, session};
use crate::channel_name::ChannelName;
use crate::failure::{Context as _, Done};
use crate::output;

/// Hand over no messages of a tenant, over a channel or by one of its providers, until resumed
///
/// Every worker follows within a second. Messages wait as long as they live; a code does so for five minutes unless the
/// tenant says otherwise. With another provider that is not paused they go there. Recorded with the reason.
#[derive(Debug, Args)]
pub struct PauseArgs {
    #[command(flatten)]
    what: What,
}

/// Hand messages over again that were paused
///
/// Takes one pause back: without --provider that of the whole channel; a provider paused by itself stays so.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
struct What {
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Which channel
    #[arg(long)]
    channel: ChannelName,
    /// Only this provider of the channel, by its name [default: all of it]
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Why; kept in the audit trail
    #[arg(long, value_parser = reason)]
    reason: String,
}

pub fn pause(shared: &Shared, args: &PauseArgs) -> Done {
    block_on(change(shared, &args.what, true))
}

pub fn resume(shared: &Shared, args: &ResumeArgs) -> Done {
    block_on(change(shared, &args.what, false))
}

async fn change(shared: &Shared, what: &What, pause: bool) -> Done {
    let core = session::open(shared, false).await?;
    let tenant = session::tenant(&core, &what.tenant)?;
    let (channel, provider) = (Channel::from(what.channel), what.provider.as_deref());
    let context = session::because(&what.reason);
    let changed = if pause {
        core.engine.pause_delivery(&tenant.id, channel, provider, &context).await
    } else {
        core.engine.resume_delivery(&tenant.id, channel, provider, &context).await
    };
    changed.context("nothing was changed")?;
    let now = session::tenant(&core, &what.tenant)?;
    let paused = &now.state.steering.paused;
    output::line(format!("{}: {}", session::name_of(&now), described(paused.iter())));
    core.close().await;
    Ok(())
}

fn described<'a>(paused: impl Iterator<Item = &'a (Channel, Option<String>)>) -> String {
    let all: Vec<String> = paused
        .map(|(channel, provider)| match provider {
            Some(provider) => format!("{}/{provider}", channel.name()),
            None => channel.name().to_owned(),
        })
        .collect();
    if all.is_empty() { "nothing is paused".to_owned() } else { format!("paused: {}", all.join(", ")) }
}
