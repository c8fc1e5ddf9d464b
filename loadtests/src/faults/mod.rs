//! `twofold-load faults`: the production shape under load while everything in it is killed, cut off and filled up.
//!
//! Three `api`, two `deliver` and two `project` work on a NATS server (or a cluster of three) and PostgreSQL, all as
//! processes of their own. Clients log in all the time and take down what they were told. Meanwhile one fault after
//! another is injected and mended. In the end the log must hold whatever was acknowledged, and nothing else.

mod check;
mod clients;
pub(crate) mod house;
mod inject;
mod plan;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use self::check::check;
use self::clients::{Clients, Crowd, Doors, Onlookers, Record};
use self::house::House;
use self::inject::{inject, read_models_at};
use self::plan::plan;
pub use self::report::Report;
use self::report::Window;
use crate::random::Dice;

/// Options of the scenario.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Processes killed with kill -9; partitions, a full log and an absent database come on top.
    #[arg(long, default_value_t = 100)]
    pub kills: usize,
    /// NATS servers: 1, or a cluster of 3.
    #[arg(long, default_value_t = 1, value_parser = replicas)]
    pub replicas: u8,
    /// The program [default: twofold beside this one].
    #[arg(long)]
    pub bin: Option<PathBuf>,
    /// The same seed plans the same faults.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Users with an authenticator app; each logs in every 30 s.
    #[arg(long, default_value_t = 1200)]
    pub users: usize,
    /// Users with codes by e-mail.
    #[arg(long, default_value_t = 20)]
    pub mail_users: usize,
    /// Clients, each with one request at a time.
    #[arg(long, default_value_t = 24)]
    pub clients: usize,
    /// How long the database is away, in seconds.
    #[arg(long, default_value_t = 60)]
    pub database_down_s: u64,
    /// One JSON object instead of the tables.
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// A version of a minute, for tests: one server, each kind of process killed at least once.
    pub fn short(bin: PathBuf) -> Self {
        Self {
            kills: 8,
            replicas: 1,
            bin: Some(bin),
            seed: 1,
            users: 300,
            mail_users: 4,
            clients: 12,
            database_down_s: 4,
            json: false,
        }
    }
}

/// Runs the scenario and tells about it.
pub async fn run(options: Options) -> Result<ExitCode> {
    let report = play(&options).await?;
    report.print(options.json);
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the scenario.
///
/// # Errors
/// Something could not be started, or did not come back after it was mended.
pub async fn play(options: &Options) -> Result<Report> {
    let mut dice = Dice::new(options.seed);
    let program = match &options.bin {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("twofold"),
    };
    let mut house = House::start(&program, options.replicas).await?;
    let record = Arc::new(Record::new());
    let crowd = Crowd { app_users: options.users, mail_users: options.mail_users, clients: options.clients.max(1) };
    let clients = Clients::start(&house, crowd, &record, &mut dice).await.context("making users")?;
    // What is only looked at counts neither as a login nor as a fault.
    let aside = Arc::new(Record::new());
    let mut probe = Doors::new(&house.doors(), &house.key, &aside);
    let onlookers = Onlookers::start(&probe, &record, &mut dice);

    let plan = plan(options.kills, options.replicas, Duration::from_secs(options.database_down_s), &mut dice);
    let bar = ProgressBar::new(plan.len() as u64);
    bar.set_style(ProgressStyle::with_template("{pos} of {len} faults, {elapsed}, {msg}")?);
    let mut windows = Vec::with_capacity(plan.len());
    for planned in plan {
        bar.set_message(planned.fault.name());
        let from = record.now();
        inject(&mut house, planned, &record, &mut probe).await.with_context(|| planned.fault.name())?;
        windows.push(Window { fault: planned.fault, from, to: record.now() });
        bar.inc(1);
        tokio::time::sleep(Duration::from_millis(dice.between(100, 600))).await;
    }
    bar.finish_and_clear();

    onlookers.stop().await;
    let open = clients.stop().await;
    let acknowledged = record.acknowledged();
    let newest = acknowledged.iter().map(|told| told.position).max().unwrap_or(0);
    read_models_at(&mut probe, newest, &record).await;
    let mut verdicts = check(&house, &acknowledged, &open).await?;
    aside.violations().1.iter().for_each(|text| record.violation(text));
    verdicts.push(report::faults_verdict(&record));
    Ok(Report::new(&record, &windows, verdicts))
}

fn replicas(text: &str) -> Result<u8, &'static str> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("1 or 3"),
    }
}
