//! `twofold replay`

mod state;
mod timeline;

use clap::Args;
use serde_json::json;
use twofold_domain::{PanelId, Timestamp};
use twofold_engine::fold_subject;
use twofold_event_log::Seq;

use super::key::ModeName;
use super::run::block_on;
use super::{Shared, session};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Replay a user from the log: what happened, one line an event, and how the user stands after it
///
/// Reads the log alone, checks its chain on the way, and shows nothing secret. With --at, everything later is left out:
/// how things stood then.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Name or id of the tenant
    #[arg(long)]
    tenant: String,
    /// The panel's own id of the user
    #[arg(long)]
    user: String,
    /// The live or the test user of that id [default: the live one, or else the test one]
    #[arg(long)]
    mode: Option<ModeName>,
    /// Up to an instant (RFC 3339) or a position of the log, both included [default: now]
    #[arg(long, value_name = "INSTANT|POSITION", value_parser = until)]
    at: Option<Until>,
    /// JSON instead of lines
    #[arg(long)]
    json: bool,
}

/// Where to stop.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    Position(Seq),
    Instant(Timestamp),
}

fn until(text: &str) -> Result<Until, String> {
    let position = text.parse().ok().map(|number| Until::Position(Seq(number)));
    let instant = || Timestamp::parse_rfc3339(text).map(Until::Instant);
    position
        .or_else(instant)
        .ok_or_else(|| "write an instant such as 2027-01-31T12:00:00Z, or a position such as 42".to_owned())
}

pub fn run(shared: &Shared, args: &ReplayArgs) -> Done {
    block_on(async {
        let core = session::open(shared, false).await?;
        let tenant = session::tenant(&core, &args.tenant)?;
        let panel_id = PanelId::parse(&args.user).map_err(|error| Failure::Usage(format!("--user: {error}")))?;
        let (position, instant) = match args.at {
            Some(Until::Position(position)) => (Some(position), None),
            Some(Until::Instant(instant)) => (None, Some(instant)),
            None => (None, None),
        };
        let modes = match args.mode {
            Some(mode) => vec![mode.into()],
            None => vec![twofold_domain::Mode::Live, twofold_domain::Mode::Test],
        };
        for mode in modes {
            let token = core.engine.keyring().user_token(&tenant.id, mode, &panel_id);
            let subject = core.engine.subject_of(&tenant.id, &token);
            if core.log.last_of_subject(&subject).await.context("the log cannot be read")?.is_none() {
                continue;
            }
            let loaded = fold_subject(&*core.log, core.engine.keyring(), &subject, position, instant).await;
            let loaded = loaded.context("the log of this user cannot be used; run `twofold verify-log`")?;
            let events = timeline::read(&core, &tenant.id, &token, &subject, loaded.head).await?;
            let account =
                loaded.user.profile.as_ref().and_then(|profile| profile.account.as_ref()).map(|account| &account.id);
            let settings = core.engine.directory().settings_for(&tenant, account);
            if args.json {
                let events: Vec<_> = events.iter().map(timeline::Entry::json).collect();
                output::json(
                    &json!({ "tenant": session::name_of(&tenant), "user": panel_id.as_str(), "mode": mode.name(), "events": events, "state": state::json(&loaded, &settings) }),
                );
            } else {
                output::line(format!("{} of {} ({})", panel_id.as_str(), session::name_of(&tenant), mode.name()));
                for entry in &events {
                    output::line(entry.line());
                }
                output::line("");
                state::lines(&loaded, &settings).iter().for_each(output::line);
            }
            core.close().await;
            return Ok(());
        }
        Err(Failure::new(format!("{} has no user {}", session::name_of(&tenant), panel_id.as_str())))
    })
}
