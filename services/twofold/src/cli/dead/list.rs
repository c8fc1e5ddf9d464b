use clap::Args;
use serde_json::{Value, json};
use twofold_domain::Timestamp;
use twofold_read_model::DeliveryRow;

use super::super::{Shared, session};
use super::find::dead;
use crate::failure::Done;
use crate::output;

/// List dead messages with their cause, the newest first
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only this tenant (name or id) [default: all]
    #[arg(long)]
    tenant: Option<String>,
    /// The newest so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

pub async fn run(shared: &Shared, args: &ListArgs) -> Done {
    let core = session::open(shared, false).await?;
    let store = core.current_read_model().await?;
    let only = args.tenant.as_deref().map(|name| session::tenant(&core, name)).transpose()?;
    let rows = dead(&store, only.as_ref().map(|tenant| &tenant.id), args.limit.into()).await?;
    let directory = core.engine.directory();
    let now = core.engine.clock().now();
    let mut table = output::table(&["MESSAGE", "TENANT", "CHANNEL", "WHAT", "REQUESTED", "LEFT", "ATTEMPTS", "CAUSE"]);
    for row in &rows {
        let tenant = directory.tenant(&row.tenant);
        let tenant = tenant.as_deref().map_or(row.tenant.as_str(), session::name_of);
        if args.json {
            output::line(as_json(tenant, row, now).to_string());
        } else {
            table.add_row(vec![
                row.message.to_string(),
                tenant.to_owned(),
                row.channel.name().to_owned(),
                what(row),
                row.requested_at.to_rfc3339(),
                left(row, now),
                row.attempts.to_string(),
                row.cause.clone().unwrap_or_default(),
            ]);
        }
    }
    if !args.json {
        output::show(&table, "no message is dead");
    }
    store.close().await;
    core.close().await;
    Ok(())
}

/// A row for programs; nothing secret is in one.
pub fn as_json(tenant: &str, row: &DeliveryRow, now: Timestamp) -> Value {
    json!({
        "message_id": row.message.as_str(),
        "tenant": tenant,
        "channel": row.channel.name(),
        "kind": row.kind,
        "purpose": row.purpose,
        "status": row.status.name(),
        "requested_at": row.requested_at.to_rfc3339(),
        "updated_at": row.updated_at.to_rfc3339(),
        "expires_at": row.expires_at.to_rfc3339(),
        "expired": now >= row.expires_at,
        "attempts": row.attempts,
        "cause": row.cause,
    })
}

pub fn what(row: &DeliveryRow) -> String {
    match &row.purpose {
        Some(purpose) => format!("{} ({purpose})", row.kind),
        None => row.kind.to_string(),
    }
}

pub fn left(row: &DeliveryRow, now: Timestamp) -> String {
    match now.secs_until(row.expires_at) {
        0 => "expired".to_owned(),
        secs => format!("{secs} s"),
    }
}
