//! `twofold-load soak`: mixed load for a long time, at half of what there can be, and what becomes of memory and lag.
//!
//! Starts the product, makes users, finds with closed loops how much `mixed` it can sustain, and plays half of that on a
//! schedule. Meanwhile a probe measures the lag of the read model from outside, and once a
//! second it is looked what each process holds. At the end the product is stopped as an operator does it, and
//! `twofold verify-log` reads everything.

mod charts;
mod ending;
mod memory;
mod options;
mod page;
mod probe;
mod report;
#[cfg(test)]
mod tests;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

pub use self::ending::Ending;
pub use self::options::Options;
pub use self::probe::Lag;
use self::probe::Probe;
pub use self::report::Report;
pub use self::watch::Sample;
use crate::load::{self, Plan, Scenario, part, write_json};
use crate::machine;
use crate::page::Origin;
use crate::scenarios::Mixed;
use crate::stage::{Pool, Saturation, Search, Stage, program, tell};

/// The share of what can be sustained that is played.
const SHARE_PERCENT: u64 = 50;
/// Seconds before it is measured.
const WARM_UP_S: u64 = 5;
/// Users who are written to by the probe, each by a connection of its own.
const PROBERS: usize = 16;

/// Plays, prints and writes. Wrong answers and a log that is not sound fail the command, after everything was written.
///
/// # Errors
/// As [`play`]; or a file cannot be written.
pub async fn run(options: Options) -> Result<ExitCode> {
    let report = Box::pin(play(&options)).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    report.write(&options.page())?;
    report.print();
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays.
///
/// # Errors
/// Something does not start, users cannot be made, or the closed loops were answered wrongly.
pub async fn play(options: &Options) -> Result<Report> {
    let started_at_ms = machine::unix_ms();
    tell("starting the product");
    let mut stage = Stage::start(program(options.bin.as_ref())?, options.production).await?;
    let origin = Origin {
        started_at_ms,
        command: options.told(),
        machine: machine::here(),
        versions: machine::versions(),
        setup: stage.setup.clone(),
    };
    let mut pool = Pool::new("soak");
    let saturation = match options.rate {
        Some(_) => None,
        None => Some(saturation(&stage, &mut pool, options).await?),
    };
    let half = saturation.as_ref().map_or(1, |found| part(found.median(), SHARE_PERCENT));
    let rate = options.rate.unwrap_or(half);
    let users = pool.grown(&stage, options.users.unwrap_or_else(|| Pool::needed(rate))).await?;
    let count = users.all().len();
    Pool::tell_if_too_few(rate, count);
    stage.caught_up().await?;

    tell(&format!("{rate} operations a second with {count} users"));
    let plan =
        Plan { warm_up_s: WARM_UP_S, seed: options.seed, ..Plan::open(options.clients, rate, options.seconds()) };
    let probing = Plan { warm_up_s: WARM_UP_S, ..Plan::open(PROBERS, options.probes, options.seconds()) };
    let warm_up = Duration::from_secs(WARM_UP_S);
    let mixed = Mixed::new(Arc::clone(&stage.targets), users, "new", options.seed);
    let probe = Probe::new(stage.target()?, warm_up);
    let mut samples = Vec::new();
    let plays =
        Box::pin(async { tokio::try_join!(load::run(&mixed, &plan, true), load::run(&probe, &probing, false)) });
    let (mixed, lag) = tokio::select! {
        played = plays => played?,
        watched = watch::watch(&stage.place, warm_up, &mut samples) => {
            watched?;
            anyhow::bail!("nobody looked at the processes any more")
        }
    };
    let processes = stage.place.processes().into_iter().map(|(name, _)| name).collect();
    let own = stage.place.own_pids().len();
    tell("stopping the product and reading its log");
    let ending = ending::end(&mut stage.place).await;
    let lags = probe.samples();
    Ok(Report { origin, saturation, users: count, rate, mixed, lag, lags, processes, own, samples, ending })
}

/// How much of the mix there can be.
async fn saturation(stage: &Stage, pool: &mut Pool, options: &Options) -> Result<Saturation> {
    let Options { clients, loops, users, seed, .. } = *options;
    let search = Search { clients, loops, percent: SHARE_PERCENT, users, seed };
    // What is enrolled on the way has names of its own in each loop.
    let trial = |users, number| -> Box<dyn Scenario> {
        Box::new(Mixed::new(Arc::clone(&stage.targets), users, &format!("trial-{number}"), seed))
    };
    Saturation::find(stage, pool, &search, trial).await
}
