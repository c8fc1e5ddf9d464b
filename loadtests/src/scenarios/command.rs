//! `twofold-load load`: one scenario against running servers.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::code::{Code, CodeSetup};
use super::file::UserFile;
use super::hostile::{Hostile, Storm};
use super::targets::Targets;
use super::users::Users;
use super::{Login, Mixed, Verify, seed};
use crate::load::{self, Outputs, Pace, Plan, Scenario, Sweep};
use crate::machine::unix_ms;

/// A scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Codes of authenticator apps: 90 % right, 8 % wrong, 2 % spent before.
    Verify,
    /// A challenge, then its code from an authenticator app.
    Login,
    /// A challenge, its code by e-mail or SMS to a sink, then the code.
    Code,
    /// Verifications, logins, set-ups, resets, recovery codes, reads of users and of the audit.
    Mixed,
    /// Logins while some users' codes are being guessed.
    Hostile,
}

/// Options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What is played.
    scenario: Name,
    /// A server on this machine; repeat it for the other nodes of the same installation.
    #[arg(long = "url", default_value = "http://127.0.0.1:8080")]
    urls: Vec<String>,
    /// An API key with the scopes login, users and audit, and settings for `code`; repeat it for more tenants.
    #[arg(long = "key", required = true)]
    keys: Vec<String>,
    /// Users to make; a user spends one code in 30 seconds.
    #[arg(long, default_value_t = 10_000, conflicts_with = "users_file")]
    users: u32,
    /// Use the users that `seed` made.
    #[arg(long, value_name = "FILE")]
    users_file: Option<PathBuf>,
    /// Operations due each second, whether or not the ones before were answered.
    #[arg(long, required_unless_present_any = ["closed", "sweep"], conflicts_with_all = ["closed", "sweep"])]
    rate: Option<u64>,
    /// As many operations as there can be: only to find saturation.
    #[arg(long, conflicts_with = "sweep")]
    closed: bool,
    /// Find saturation, then play at 10 to 100 % of it.
    #[arg(long)]
    sweep: bool,
    /// Clients, each with one operation at a time.
    #[arg(long, default_value_t = 128)]
    clients: usize,
    /// Seconds measured.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Seconds before, which are not measured.
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Measure at most so many operations.
    #[arg(long)]
    operations: Option<u64>,
    /// The same seed draws the same mix.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the run is called in reports.
    #[arg(long, default_value = "")]
    label: String,
    /// `hostile`: users whose codes are guessed; they are made for it.
    #[arg(long, default_value_t = 100)]
    victims: u32,
    /// `hostile`: guesses a second, all victims together.
    #[arg(long, default_value_t = 1000)]
    guesses: u64,
    /// `hostile`: connections that guess.
    #[arg(long, default_value_t = 32)]
    attackers: usize,
    #[command(flatten)]
    outputs: Outputs,
}

/// Plays it, prints and writes what was measured.
///
/// # Errors
/// Users cannot be made or read, or a file cannot be written. A wrong answer, or nothing left to play after the warm-up, is no
/// error but a failure of the run.
pub async fn run(options: Options) -> Result<ExitCode> {
    let targets = Arc::new(Targets::parse(&options.urls, &options.keys)?);
    let holds = match options.scenario {
        Name::Verify => {
            let users = users(&options, &targets).await?;
            play(&Verify::new(targets, users, options.seed), &options).await?
        }
        Name::Login => {
            let users = users(&options, &targets).await?;
            play(&Login::new(targets, users), &options).await?
        }
        Name::Code => {
            let prefix = format!("code-{}", unix_ms());
            let setup = CodeSetup { users: options.users, prefix, connections: options.clients };
            play(&Code::start(targets, &setup).await?, &options).await?
        }
        Name::Mixed => {
            let users = users(&options, &targets).await?;
            let prefix = format!("new-{}", unix_ms());
            play(&Mixed::new(targets, users, &prefix, options.seed), &options).await?
        }
        Name::Hostile => hostile(targets, &options).await?,
    };
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn users(options: &Options, targets: &Arc<Targets>) -> Result<Arc<Users>> {
    let all = if let Some(path) = &options.users_file {
        UserFile::load(path, targets.tenants())?
    } else {
        let prefix = format!("load-{}", unix_ms());
        seed::users(targets, &prefix, options.users, options.clients, true).await?
    };
    tell_if_too_few(options, all.len());
    Users::new(all)
}

/// A user spends one code in each step of 30 seconds.
fn tell_if_too_few(options: &Options, users: usize) {
    let wanted = options.rate.map(|rate| rate.saturating_mul(30.min(options.seconds + options.warm_up)));
    if let Some(wanted) = wanted.filter(|wanted| *wanted > users as u64) {
        println!("{users} users are too few for this rate: about {wanted} would do");
    }
}

async fn hostile(targets: Arc<Targets>, options: &Options) -> Result<bool> {
    let users = users(options, &targets).await?;
    let prefix = format!("victim-{}", unix_ms());
    let victims = seed::users(&targets, &prefix, options.victims, options.clients, true).await?;
    let storm = Storm { per_second: options.guesses, attackers: options.attackers, seed: options.seed };
    let scenario = Hostile::start(targets, users, victims, storm).await?;
    let holds = play(&scenario, options).await?;
    let guesses = scenario.guesses();
    println!(
        "guesses: {} wrong, {} not evaluated, {} refused, {} without an answer, {} answered as must never be",
        guesses.wrong, guesses.locked, guesses.refused, guesses.unanswered, guesses.violations
    );
    Ok(holds && guesses.violations == 0)
}

async fn play(scenario: &dyn Scenario, options: &Options) -> Result<bool> {
    let plan = Plan {
        clients: options.clients,
        pace: options.rate.map_or(Pace::Closed, |per_second| Pace::Open { per_second }),
        seconds: options.seconds,
        operations: options.operations,
        warm_up_s: options.warm_up,
        label: options.label.clone(),
        seed: options.seed,
    };
    if options.sweep {
        let sweep: Sweep = load::sweep(scenario, &plan, true).await?;
        let runs: Vec<&load::Run> = std::iter::once(&sweep.saturated).chain(&sweep.steps).collect();
        println!("{}", load::table(&runs));
        options.outputs.write_sweep(&sweep)?;
        return Ok(sweep.holds());
    }
    let run = load::run(scenario, &plan, true).await?;
    println!("{}", load::table(&[&run]));
    options.outputs.write(&run)?;
    // Nothing wrong was said where nothing was asked.
    Ok(run.holds() && run.total().all() > 0)
}
