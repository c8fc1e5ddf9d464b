//! `twofold prefix …`

use clap::{Args, Subcommand};

use super::reason::reason;
use super::run::block_on;
use super::{Shared, session};
use crate::compose::Core;
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Stop text messages to numbers that begin alike, and release them; the pumping alarm does the first by itself
#[derive(Debug, Args)]
pub struct PrefixArgs {
    #[command(subcommand)]
    command: PrefixCommand,
}

#[derive(Debug, Subcommand)]
enum PrefixCommand {
    Stop(StopArgs),
    Release(ReleaseArgs),
    List(ListArgs),
}

/// Send no text message to numbers that begin like this
#[derive(Debug, Args)]
struct StopArgs {
    /// + and 1 to 10 digits, the country code first, such as +99890
    prefix: String,
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Why; shown by `prefix list` and kept in the audit trail, so nothing personal
    #[arg(long, value_parser = reason)]
    reason: String,
}

/// Send there again
#[derive(Debug, Args)]
struct ReleaseArgs {
    /// As it was stopped
    prefix: String,
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Why; kept in the audit trail
    #[arg(long, value_parser = reason)]
    reason: String,
}

/// List what is stopped, and why
#[derive(Debug, Args)]
struct ListArgs {
    /// Only this tenant (name or id) [default: all]
    #[arg(long)]
    tenant: Option<String>,
}

pub fn run(shared: &Shared, args: &PrefixArgs) -> Done {
    block_on(async {
        let core = session::open(shared, false).await?;
        match &args.command {
            PrefixCommand::Stop(args) => stop(&core, args).await?,
            PrefixCommand::Release(args) => release(&core, args).await?,
            PrefixCommand::List(args) => list(&core, args)?,
        }
        core.close().await;
        Ok(())
    })
}

async fn stop(core: &Core, args: &StopArgs) -> Done {
    let tenant = session::tenant(core, &args.tenant)?;
    let context = session::because(&args.reason);
    let stopped = core.engine.stop_prefix(&tenant.id, &args.prefix, &args.reason, &context).await;
    stopped.context("nothing was changed")?;
    output::line(format!("{}: nothing is sent to {}… any more", session::name_of(&tenant), args.prefix));
    Ok(())
}

async fn release(core: &Core, args: &ReleaseArgs) -> Done {
    let tenant = session::tenant(core, &args.tenant)?;
    if !tenant.state.steering.stopped_prefixes.contains_key(&args.prefix) {
        let name = session::name_of(&tenant);
        return Err(Failure::new(format!(
            "{} is not stopped for {name}; `twofold prefix list` shows what is",
            args.prefix
        )));
    }
    let context = session::because(&args.reason);
    core.engine.release_prefix(&tenant.id, &args.prefix, &context).await.context("nothing was changed")?;
    output::line(format!("{}: {}… is sent to again", session::name_of(&tenant), args.prefix));
    Ok(())
}

fn list(core: &Core, args: &ListArgs) -> Done {
    let tenants = match &args.tenant {
        Some(name) => vec![session::tenant(core, name)?],
        None => session::tenants(core),
    };
    let mut table = output::table(&["TENANT", "PREFIX", "REASON"]);
    for tenant in &tenants {
        for (prefix, reason) in &tenant.state.steering.stopped_prefixes {
            table.add_row(vec![session::name_of(tenant), prefix, reason]);
        }
    }
    output::show(&table, "nothing is stopped");
    Ok(())
}
