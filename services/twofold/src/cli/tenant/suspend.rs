use clap::Args;
use twofold_domain::tenant::TenantCommand;

use super::super::{Shared, session};
use crate::failure::{Context as _, Done};
use crate::output;

/// Refuse every key of a tenant until it is resumed; nothing is lost
#[derive(Debug, Args)]
pub struct SuspendArgs {
    /// Name or id
    name: String,
}

/// Accept the keys of a suspended tenant again
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Name or id
    name: String,
}

pub async fn suspend(shared: &Shared, args: SuspendArgs) -> Done {
    change(shared, &args.name, TenantCommand::Suspend, "suspended: every key of it is refused").await
}

pub async fn resume(shared: &Shared, args: ResumeArgs) -> Done {
    change(shared, &args.name, TenantCommand::Resume, "active: its keys work").await
}

async fn change(shared: &Shared, name: &str, command: TenantCommand, now: &str) -> Done {
    let core = session::open(shared, false).await?;
    let tenant = session::tenant(&core, name)?;
    core.engine.tenant_command(&tenant.id, &command, &session::context()).await.context("nothing was changed")?;
    output::line(format!("{} is {now}", session::name_of(&tenant)));
    core.close().await;
    Ok(())
}
