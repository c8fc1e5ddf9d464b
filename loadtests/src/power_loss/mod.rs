//! `twofold-load power-loss`: nothing acknowledged is lost when the power fails, and the check can tell.
//!
//! Each log runs on a disk that forgets what was not synced (see `disk`), is cut off in the middle of appends many
//! times, and is compared with what it had acknowledged. Under the setting that does not wait for the disk it must lose
//! something; else the disk forgets nothing, and the run proves nothing.

pub mod child;
mod disk;
mod jetstream;
mod load;
mod mount;
mod report;
mod rounds;
mod sqlite;
mod victim;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use self::jetstream::JetStream;
use self::mount::Machine;
use self::rounds::{Tally, run as cut};
use self::sqlite::Sqlite;
use self::victim::Victim;
use crate::random::Dice;

/// Options of the scenario.
#[derive(Debug, Args)]
pub struct Options {
    /// Power losses of each log that promises to stand them; the others get a few.
    #[arg(long, default_value_t = 50)]
    cuts: u64,
    /// The same seed cuts at the same counts and loses the same sectors.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Appends at once.
    #[arg(long, default_value_t = 32)]
    writers: u64,
    /// How long a sync takes, in milliseconds.
    #[arg(long, default_value_t = 2)]
    sync_ms: u64,
    /// Only this log.
    #[arg(long)]
    log: Option<Which>,
    /// Start a killed NATS server without syncing first what it left behind; then losses after a kill are to be expected.
    #[arg(long)]
    no_sync_at_start: bool,
    /// One JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

/// Power losses of a log that promises nothing: enough to see that it loses something.
const FEW: u64 = 5;

/// The logs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// One file.
    Sqlite,
    /// A NATS server.
    Jetstream,
}

/// Exit code when no disk can be mounted: the run says nothing, neither good nor bad.
const NO_DISK: u8 = 2;

/// Runs the scenario.
pub async fn run(options: Options) -> Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let mut machine = match Machine::start(folder.path(), Duration::from_millis(options.sync_ms)) {
        Ok(machine) => machine,
        Err(error) => {
            report::no_disk(&error);
            return Ok(ExitCode::from(NO_DISK));
        }
    };
    let tallies = all(&mut machine, &options).await?;
    report::print(&tallies, options.json);
    Ok(if tallies.iter().all(Tally::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Each log under each setting.
async fn all(machine: &mut Machine, options: &Options) -> Result<Vec<Tally>> {
    let mut dice = Dice::new(options.seed);
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{pos} of {len} power losses, {msg}")?);
    let wanted = |which| options.log.is_none_or(|only| only == which);
    let mut tallies = Vec::new();
    for safe in [true, false] {
        if wanted(Which::Sqlite) {
            let file = machine.folder().join("log.db");
            let mut victim = Sqlite::new(file, safe, options.writers, dice.split());
            tallies.push(one(machine, &mut victim, options, &mut dice, &bar).await?);
        }
        if wanted(Which::Jetstream) {
            let mut victim =
                JetStream::new(machine.folder().join("streams"), safe, !options.no_sync_at_start, options.writers);
            tallies.push(one(machine, &mut victim, options, &mut dice, &bar).await?);
        }
    }
    bar.finish_and_clear();
    Ok(tallies)
}

async fn one(
    machine: &mut Machine,
    victim: &mut impl Victim,
    options: &Options,
    dice: &mut Dice,
    bar: &ProgressBar,
) -> Result<Tally> {
    let cuts = if victim.promises() { options.cuts } else { FEW.min(options.cuts) };
    bar.inc_length(cuts);
    let tally = cut(machine, victim, cuts, dice, bar).await;
    let tally = tally.with_context(|| format!("{:?}", victim.name()))?;
    machine.format()?;
    Ok(tally)
}
