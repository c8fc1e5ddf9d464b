use std::sync::Arc;

use clap::Args;
use twofold_domain::MessageId;
use twofold_engine::{DeadMessage, TenantView};
use twofold_read_model::DeliveryRow;

use super::super::reason::reason;
use super::super::{Shared, session};
use super::find::dead;
use super::show::message_id;
use crate::compose::Core;
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Most messages of one `--all`.
const ALL_MAX: usize = 10_000;

/// Give dead messages another chance: workers take them up at once
///
/// The code in a message stays the same. One whose time is over is put away as expired instead, and never sent; one whose
/// code was used or replaced meanwhile is left out by the worker.
#[derive(Debug, Args)]
pub struct RedriveArgs {
    #[command(flatten)]
    which: Which,
}

/// Put dead messages away as expired, so that lists and figures of dead ones show what still matters
#[derive(Debug, Args)]
pub struct DropArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
struct Which {
    /// Their ids
    #[arg(value_parser = message_id, value_name = "MESSAGE", required_unless_present = "all", conflicts_with = "all")]
    messages: Vec<MessageId>,
    /// Every dead message of the tenant
    #[arg(long)]
    all: bool,
    /// With --all: only those whose cause contains this text
    #[arg(long, value_name = "TEXT", requires = "all")]
    cause: Option<String>,
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// Why; kept in the audit trail
    #[arg(long, value_parser = reason)]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Redrive,
    Drop,
}

pub async fn redrive(shared: &Shared, args: &RedriveArgs) -> Done {
    act(shared, &args.which, Action::Redrive).await
}

pub async fn put_away(shared: &Shared, args: &DropArgs) -> Done {
    act(shared, &args.which, Action::Drop).await
}

async fn act(shared: &Shared, which: &Which, action: Action) -> Done {
    let core = session::open(shared, false).await?;
    let tenant = session::tenant(&core, &which.tenant)?;
    let rows = chosen(&core, &tenant, which).await?;
    let context = session::because(&which.reason);
    let (mut redriven, mut dropped) = (0_u64, 0_u64);
    for row in &rows {
        let done = match action {
            Action::Redrive => core.engine.redrive(&tenant.id, row.channel, &row.message, &context).await,
            Action::Drop => core.engine.drop_dead(&tenant.id, row.channel, &row.message, &context).await,
        };
        let told = match done.context("not everything was done")? {
            DeadMessage::Redriven(_) => {
                redriven += 1;
                "is open again"
            }
            DeadMessage::Dropped(_) => {
                dropped += 1;
                if action == Action::Redrive { "had expired and was put away" } else { "was put away" }
            }
            DeadMessage::NotDead => "is not dead; nothing was done",
            DeadMessage::Unknown => "is not in the log; nothing was done",
        };
        output::line(format!("{} {told}", row.message));
    }
    output::line(format!(
        "{redriven} open again, {dropped} put away, {} left as they were",
        left(&rows, redriven + dropped)
    ));
    core.close().await;
    Ok(())
}

fn left(rows: &[DeliveryRow], done: u64) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX).saturating_sub(done)
}

async fn chosen(core: &Core, tenant: &Arc<TenantView>, which: &Which) -> Result<Vec<DeliveryRow>, Failure> {
    let store = core.current_read_model().await?;
    let mut rows = Vec::new();
    if which.all {
        let all = dead(&store, Some(&tenant.id), ALL_MAX).await?;
        let wanted = |row: &DeliveryRow| {
            which.cause.as_deref().is_none_or(|text| row.cause.as_deref().is_some_and(|cause| cause.contains(text)))
        };
        rows.extend(all.into_iter().filter(wanted));
    }
    for message in &which.messages {
        let row = store.delivery(&tenant.id, message).await.context("the message cannot be read")?;
        let name = session::name_of(tenant);
        rows.push(row.ok_or_else(|| Failure::new(format!("{name} has no message {message}; nothing was done")))?);
    }
    store.close().await;
    Ok(rows)
}
