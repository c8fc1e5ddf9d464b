//! `twofold-load storm`: what other users feel of a guessing storm.
//!
//! Starts the product, finds how many logins a second it can sustain, and plays a share of that on a schedule: in turn with
//! nothing else going on, and beside a storm of guesses at the codes of some users. Every round has victims of its own, whose
//! factors are not locked yet, and every second round begins with the storm.

mod options;
mod page;
mod report;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;

pub use self::options::Options;
pub use self::report::{Report, Round};
use crate::load::{self, Plan, Run, Scenario, part, write_json};
use crate::machine;
use crate::page::Origin;
use crate::scenarios::{Guesses, Hostile, Login, Storm, Users};
use crate::stage::{Pool, Saturation, Search, Stage, program, tell};

/// Between two runs: what one leaves to write does not weigh on the next.
const PAUSE: Duration = Duration::from_millis(500);

/// Plays, prints and writes. A wrong answer, a login that was refused or a guess that was let in fails the command, after
/// everything was written.
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
    let stage = Stage::start(program(options.bin.as_ref())?, options.production).await?;
    let origin = Origin {
        started_at_ms,
        command: options.told(),
        machine: machine::here(),
        versions: machine::versions(),
        setup: stage.setup.clone(),
    };
    let mut pool = Pool::new("storm");
    let saturation = match options.rate {
        Some(_) => None,
        None => Some(saturation(&stage, &mut pool, options).await?),
    };
    let share = saturation.as_ref().map_or(1, |found| part(found.median(), options.share));
    let rate = options.rate.unwrap_or(share);
    let users = pool.grown(&stage, options.users.unwrap_or_else(|| Pool::needed(rate))).await?;
    tell(&format!("{rate} logins a second of {} users", users.all().len()));
    Pool::tell_if_too_few(rate, users.all().len());
    let mut rounds = Vec::new();
    for round in 1..=options.runs {
        rounds.push(one(&stage, &users, options, (rate, round)).await?);
        tell(&format!("round {round} of {}: {}", options.runs, rounds.last().map_or_else(String::new, Round::told)));
    }
    let (users, storm) = (users.all().len(), [options.guesses, options.victims.into(), options.attackers as u64]);
    let [guesses_per_s, victims, attackers] = storm;
    let share_percent = options.share;
    Ok(Report { origin, saturation, share_percent, rate, users, guesses_per_s, victims, attackers, rounds })
}

/// How many logins there can be.
async fn saturation(stage: &Stage, pool: &mut Pool, options: &Options) -> Result<Saturation> {
    let Options { clients, loops, share: percent, users, seed, .. } = *options;
    let search = Search { clients, loops, percent, users, seed };
    let logins = |users, _| -> Box<dyn Scenario> { Box::new(Login::new(Arc::clone(&stage.targets), users)) };
    Saturation::find(stage, pool, &search, logins).await
}

/// A quiet run and one beside the storm.
async fn one(stage: &Stage, users: &Arc<Users>, options: &Options, (rate, round): (u64, u32)) -> Result<Round> {
    let victims = stage.users(&format!("victim-{round}"), options.victims).await?;
    let plan = |label: &str| Plan {
        warm_up_s: options.warm_up,
        label: label.to_owned(),
        seed: options.seed,
        ..Plan::open(options.clients, rate, options.seconds)
    };
    let quiet = async || -> Result<Run> {
        sleep(PAUSE).await;
        let login = Login::new(Arc::clone(&stage.targets), Arc::clone(users));
        load::run(&login, &plan("quiet"), true).await
    };
    let stormed = async || -> Result<(Run, Guesses)> {
        sleep(PAUSE).await;
        let seed = options.seed + u64::from(round);
        let storm = Storm { per_second: options.guesses, attackers: options.attackers, seed };
        let targets = Arc::clone(&stage.targets);
        let hostile = Hostile::start(targets, Arc::clone(users), victims, storm).await?;
        let run = load::run(&hostile, &plan("beside the storm"), true).await?;
        Ok((run, hostile.guesses()))
    };
    // A machine that grows slower does so for both.
    if round % 2 == 1 {
        let quiet = quiet().await?;
        let (hostile, guesses) = stormed().await?;
        return Ok(Round { quiet, hostile, guesses });
    }
    let (hostile, guesses) = stormed().await?;
    Ok(Round { quiet: quiet().await?, hostile, guesses })
}
