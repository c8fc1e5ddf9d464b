//! `twofold verify-log`

mod chains;

use clap::Args;
use twofold_crypto::Keyring;
use twofold_event_log::EventLog;
use twofold_read_model::{Difference, ReadStore, VerifyReport};

use self::chains::{Chains, check};
use super::Shared;
use super::run::{block_on, start_command};
use crate::compose::{Access, Patience, Roles, catch_up, open_deployment};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Findings printed at most.
const LISTED: usize = 50;

/// Check the whole log and the read model: exit code 0 if both are sound, 1 with a list of what is not
///
/// Reads every commit, checks that it can be decoded and that it continues the chain of its subject (a keyed hash over
/// every commit and the one before it: nothing can be changed, inserted, reordered or taken out of the middle
/// unnoticed), folds everything again and compares it with the read model. May run while a server runs; changes nothing
/// but brings the read model up to date first.
#[derive(Debug, Args)]
pub struct VerifyLogArgs {}

pub fn run(shared: &Shared, _args: VerifyLogArgs) -> Done {
    let settings = start_command(&shared.flags(None))?.settings;
    block_on(async {
        let deployment = open_deployment(&settings, Roles::COMMAND, Access::Reading, Patience::None).await?;
        let (log, keyring) = (deployment.log(), deployment.keyring(&settings)?);
        let chains = chains(&*log, &keyring).await?;
        tell_chains(&chains);
        if !chains.broken.is_empty() {
            return Err(Failure::new(format!(
                "the log is not sound: {} of {} commits; restore {} from a backup",
                chains.broken.len(),
                chains.commits,
                if deployment.folder().is_some() { "log.db" } else { "the stream" },
            )));
        }
        let store = deployment.read_model().await?;
        let report = compare(&*log, &*store).await;
        store.close().await;
        log.close().await;
        deployment.close().await;
        tell_report(&report?)
    })
}

async fn chains(log: &dyn EventLog, keyring: &Keyring) -> Result<Chains, Failure> {
    let head = log.head().await.context("the log cannot be read")?;
    let bar = output::progress("checking the chains", head.0);
    let checked = check(log, keyring, head, &mut |position| bar.set_position(position.0)).await;
    bar.finish_and_clear();
    checked
}

fn tell_chains(chains: &Chains) {
    chains.broken.iter().take(LISTED).for_each(|broken| output::line(format!("broken   {broken}")));
    if chains.broken.len() > LISTED {
        output::line(format!("         and {} more", chains.broken.len() - LISTED));
    }
    output::line(format!(
        "log      {} commits of {} subjects, {} events, {} broken",
        chains.commits,
        chains.subjects,
        chains.events,
        chains.broken.len()
    ));
}

async fn compare(log: &dyn EventLog, store: &dyn ReadStore) -> Result<VerifyReport, Failure> {
    let head = log.head().await.context("the log cannot be read")?;
    catch_up(log, store, head).await?;
    let bar = output::progress("folding and comparing", head.0);
    let report = twofold_read_model::verify(log, store, &mut |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })
    .await;
    bar.finish_and_clear();
    report.context("the read model cannot be compared; run `twofold rebuild`")
}

fn tell_report(report: &VerifyReport) -> Done {
    report
        .differences
        .iter()
        .take(LISTED)
        .for_each(|difference| output::line(format!("differs  {}", name(difference))));
    let found = report.differences.len();
    output::line(format!(
        "tables   {} users, {} messages, {} audit rows at position {}, {found}{} differences",
        report.users,
        report.deliveries,
        report.audit_rows,
        report.position,
        if report.truncated { " or more" } else { "" },
    ));
    if report.is_clean() {
        output::line("sound");
        return Ok(());
    }
    Err(Failure::new("the read model is not what the log says; run `twofold rebuild`"))
}

fn name(difference: &Difference) -> String {
    match difference {
        Difference::User(tenant, user) => format!("user {user} of tenant {tenant}"),
        Difference::Delivery(message) => format!("message {message}"),
        Difference::Usage(tenant, hour) => format!("delivery figures of tenant {tenant} in hour {hour}"),
        Difference::Suppression(tenant, destination) => format!("suppression {destination} of tenant {tenant}"),
        Difference::Tenant(tenant) => format!("tenant {tenant}"),
        Difference::Audit(first, last) => format!("audit rows of positions {first} to {last}"),
        Difference::Hour(hour) => format!("index of hour {hour}"),
    }
}
