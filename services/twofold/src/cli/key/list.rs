use clap::Args;

use super::super::{Shared, session};
use crate::failure::Done;
use crate::output;

/// List API keys that work, without their secrets
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those of this tenant (name or id) [default: all, the operator's included]
    #[arg(long)]
    tenant: Option<String>,
}

pub async fn run(shared: &Shared, args: ListArgs) -> Done {
    let core = session::open(shared, false).await?;
    let tenants = match &args.tenant {
        Some(name) => vec![session::tenant(&core, name)?],
        None => core.engine.directory().tenants(),
    };
    let mut rows: Vec<[String; 5]> = Vec::new();
    for tenant in &tenants {
        for record in tenant.state.keys.values() {
            let whose = if session::is_platform(tenant) { "(operator)" } else { session::name_of(tenant) };
            let mode = if session::is_platform(tenant) { "-" } else { record.mode.name() };
            rows.push(
                [whose, record.id.as_str(), mode, &super::scopes(record).join(","), &record.label].map(str::to_owned),
            );
        }
    }
    rows.sort();
    let mut table = output::table(&["TENANT", "KEY", "MODE", "SCOPES", "LABEL"]);
    table.add_rows(rows);
    output::show(&table, "no API keys; `twofold key create` makes one");
    core.close().await;
    Ok(())
}
