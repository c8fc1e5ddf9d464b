//! `twofold send-test`

use clap::Args;
use twofold_domain::Channel;
use twofold_engine::ChannelTest;

use super::reason::reason;
use super::run::block_on;
use super::{Shared, session};
use crate::channel_name::ChannelName;
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Send one test message with a tenant's channel, at once, and say what the provider answered
///
/// It is marked as a test and its code is made up. Ten an hour for each tenant; recorded in the audit trail. Without a
/// channel of the tenant's own it goes by the operator's, when that is set here.
#[derive(Debug, Args)]
pub struct SendTestArgs {
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Which channel
    #[arg(long)]
    channel: ChannelName,
    /// An e-mail address or a mobile number
    #[arg(long)]
    to: String,
    /// By this provider of the channel, by its name [default: the first of the list]
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Language tag [default: the tenant's own]
    #[arg(long)]
    locale: Option<String>,
    /// Why; kept in the audit trail
    #[arg(long, default_value = "test of the channel", value_parser = reason)]
    reason: String,
}

pub fn run(shared: &Shared, args: &SendTestArgs) -> Done {
    block_on(async {
        let core = session::open(shared, false).await?;
        let tenant = session::tenant(&core, &args.tenant)?;
        let channel = Channel::from(args.channel);
        let (provider, locale) = (args.provider.as_deref(), args.locale.as_deref());
        let test = ChannelTest { channel, provider, to: &args.to, locale };
        let sent = core.engine.test_channel(&tenant, &test, &session::because(&args.reason)).await;
        let (sent, _) = sent.context("nothing was sent")?;
        core.close().await;
        match sent.result {
            Ok(Some(id)) => output::line(format!("{} took it under the id {id}", sent.provider)),
            Ok(None) => output::line(format!("{} took it", sent.provider)),
            Err(cause) => return Err(Failure::new(format!("{} did not take it: {cause}", sent.provider))),
        }
        Ok(())
    })
}
