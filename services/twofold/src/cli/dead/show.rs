use clap::Args;
use serde_json::{Value, json};
use twofold_domain::MessageId;
use twofold_event_log::wire::{self, Event};
use twofold_event_log::{Seq, Subject};
use twofold_read_model::DeliveryRow;
use twofold_read_model::projection::event_details;

use super::super::unseal::private;
use super::super::{Shared, session};
use super::list::{as_json, left, what};
use crate::compose::Core;
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Commits per page.
const PAGE: usize = 256;

/// Show one message and everything that happened to it; neither its text nor its destination
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Its id
    #[arg(value_parser = message_id)]
    message: MessageId,
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// JSON instead of lines
    #[arg(long)]
    json: bool,
}

pub fn message_id(text: &str) -> Result<MessageId, String> {
    MessageId::parse(text).map_err(|_| "write a message id as `twofold dead list` shows it".to_owned())
}

pub async fn run(shared: &Shared, args: &ShowArgs) -> Done {
    let core = session::open(shared, false).await?;
    let store = core.current_read_model().await?;
    let tenant = session::tenant(&core, &args.tenant)?;
    let name = session::name_of(&tenant);
    let row = store.delivery(&tenant.id, &args.message).await.context("the message cannot be read")?;
    let row = row.ok_or_else(|| Failure::new(format!("{name} has no message {}", args.message)))?;
    let mut events = happened(&core, &row, &Subject::delivery(row.channel, &tenant.id, &row.message)).await?;
    events.extend(happened(&core, &row, &Subject::ledger(&tenant.id, &row.message)).await?);
    events.sort_by_key(|(at, _)| *at);
    let now = core.engine.clock().now();
    if args.json {
        let mut whole = as_json(name, &row, now);
        whole["events"] = events.into_iter().map(|(_, event)| event).collect();
        output::json(&whole);
    } else {
        output::line(format!(
            "{} of {name}: {} by {}, {}",
            row.message,
            what(&row),
            row.channel.name(),
            row.status.name()
        ));
        output::line(format!("time left: {}", left(&row, now)));
        for (at, event) in &events {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            let (time, name, reason) = (text("at"), text("event"), text("reason"));
            output::line(format!("{at:>8}  {time}  {name}  {} {reason}", event["details"]).trim_end());
        }
    }
    store.close().await;
    core.close().await;
    Ok(())
}

async fn happened(core: &Core, row: &DeliveryRow, subject: &Subject) -> Result<Vec<(Seq, Value)>, Failure> {
    let (mut all, mut after) = (Vec::new(), Seq::ZERO);
    loop {
        let page = core.log.read_subject(subject, after, PAGE).await.context("the log cannot be read")?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.seq;
        for stored in &page {
            let decoded = wire::decode(subject, &stored.payload).context("the log cannot be read")?;
            let (at, actor) = (decoded.meta.at.to_rfc3339(), decoded.meta.actor.name());
            let private = private(core, &row.tenant, Some(&row.user), decoded.meta.private.as_ref()).await?;
            let one = |event: &Event| json!({ "at": at, "event": event.name(), "actor": actor, "reason": private.reason, "details": event_details(event) });
            all.extend(decoded.events.iter().map(|event| (stored.seq, one(event))));
        }
    }
}
