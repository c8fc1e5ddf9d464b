//! `twofold audit`

mod gather;

use clap::Args;
use serde_json::{Value, json};
use twofold_domain::Timestamp;
use twofold_event_log::wire;
use twofold_read_model::AuditRow;

use self::gather::{Wanted, gather};
use super::run::block_on;
use super::unseal::{Names, private};
use super::{Shared, session};
use crate::compose::Core;
use crate::failure::{Done, Failure};
use crate::output;

/// Show the audit trail: who did what, when, and with what result; newest last
///
/// Reads log and read model directly, also while servers run. Every code that was accepted or not is in it, and every
/// change of users, tenants, settings and keys.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only this tenant (name or id) [default: all]
    #[arg(long)]
    tenant: Option<String>,
    /// Only this user: the panel's own id
    #[arg(long)]
    user: Option<String>,
    /// Only events of this kind, such as verification.failed; may be given several times
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// At or after this instant (RFC 3339)
    #[arg(long, value_parser = instant)]
    from: Option<Timestamp>,
    /// Before this instant (RFC 3339)
    #[arg(long, value_parser = instant)]
    to: Option<Timestamp>,
    /// The newest so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

pub fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| "write an instant such as 2027-01-31T12:00:00Z".to_owned())
}

pub fn run(shared: &Shared, args: &AuditArgs) -> Done {
    check_kinds(&args.kinds)?;
    block_on(async {
        let core = session::open(shared, false).await?;
        let store = core.current_read_model().await?;
        let tenants = match &args.tenant {
            Some(name) => vec![session::tenant(&core, name)?],
            None => core.engine.directory().tenants(),
        };
        let wanted = Wanted {
            user: args.user.as_deref(),
            kinds: &args.kinds,
            from: args.from,
            to: args.to,
            limit: usize::from(args.limit),
        };
        let rows = gather(&core, &*store, &tenants, &wanted).await?;
        let mut names = Names::default();
        let mut table = output::table(&["POSITION", "TIME", "TENANT", "MODE", "USER", "EVENT", "WHAT", "BY"]);
        for row in &rows {
            let tenant =
                tenants.iter().find(|tenant| tenant.id == row.tenant).map_or("-", |tenant| session::name_of(tenant));
            let user = match &row.user {
                Some(user) => Some(names.of(&core, &*store, &row.tenant, user).await?),
                None => None,
            };
            if args.json {
                let item = as_json(&core, row, tenant, user).await?;
                output::line(item.to_string());
            } else {
                table.add_row(vec![
                    row.seq.to_string(),
                    row.at.to_rfc3339(),
                    tenant.to_owned(),
                    row.mode.map_or("-", twofold_domain::Mode::name).to_owned(),
                    user.unwrap_or_else(|| "-".to_owned()),
                    row.kind.to_string(),
                    what(row),
                    row.actor.name().to_owned(),
                ]);
            }
        }
        if !args.json {
            output::show(&table, "nothing that fits");
        }
        store.close().await;
        core.close().await;
        Ok(())
    })
}

/// A kind that does not exist is a slip that would look like "nothing happened".
fn check_kinds(kinds: &[String]) -> Done {
    let known = wire::catalogue();
    match kinds.iter().find(|kind| !known.iter().any(|event| event.name == **kind)) {
        None => Ok(()),
        Some(kind) => {
            let mut names: Vec<&str> = known.iter().map(|event| event.name).collect();
            names.dedup();
            Err(Failure::Usage(format!("--kind {kind}: there are {}", names.join(", "))))
        }
    }
}

/// Method and reason, for the table.
fn what(row: &AuditRow) -> String {
    let parts: Vec<&str> = [row.method.as_deref(), row.reason.as_deref()].into_iter().flatten().collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(": ") }
}

async fn as_json(core: &Core, row: &AuditRow, tenant: &str, user: Option<String>) -> Result<Value, Failure> {
    let private = private(core, &row.tenant, row.user.as_ref(), row.private.as_ref()).await?;
    Ok(json!({
        "position": row.seq.0,
        "index": row.idx,
        "at": row.at.to_rfc3339(),
        "tenant": tenant,
        "mode": row.mode.map(twofold_domain::Mode::name),
        "user": user,
        "kind": row.kind,
        "actor": { "type": row.actor.name(), "id": private.actor_id },
        "reason_given": private.reason,
        "ip": private.ip,
        "user_agent": private.user_agent,
        "request_id": row.request_id,
        "method": row.method,
        "reason": row.reason,
        "details": row.details,
    }))
}
