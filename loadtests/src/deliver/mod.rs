//! `twofold-load deliver`: codes of many tenants over providers that fail, and workers that are killed.
//!
//! One process does everything unless `--production` starts NATS, PostgreSQL and processes for each role. First many
//! tenants ask for codes while whoever sends is killed again and again; every message must come to an end. Then quiet
//! tenants ask beside one whose mail server hangs and one that storms. `--throughput` measures workers instead.

mod account;
pub(crate) mod door;
mod fairness;
mod faults;
mod kills;
mod latency;
mod ledger;
pub(crate) mod place;
mod report;
mod requests;
mod tenants;
mod throughput;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;

use self::latency::handed_over;
use self::place::{Place, Plan};
pub use self::report::{Line, Report};
use self::tenants::Tenant;
use crate::random::Dice;

/// Options of the scenario.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct Options {
    /// NATS, PostgreSQL, `api`, `project` and any number of `deliver`, instead of one process that does everything.
    #[arg(long)]
    pub production: bool,
    /// The program [default: twofold beside this one].
    #[arg(long)]
    pub bin: Option<PathBuf>,
    /// Codes to ask for; with --throughput, in each round.
    #[arg(long, default_value_t = 20_000)]
    pub codes: usize,
    /// Tenants that ask for them.
    #[arg(long, default_value_t = 50)]
    pub tenants: usize,
    /// Codes asked for a second; 0: as fast as they are answered.
    #[arg(long, default_value_t = 250)]
    pub rate: u64,
    /// Connections that ask.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// How long a code lives, in seconds, 60 to 600.
    #[arg(long, default_value_t = 90)]
    pub code_life_s: u64,
    /// Milliseconds between two kills; 0: none.
    #[arg(long, default_value_t = 4000)]
    pub kill_every_ms: u64,
    /// Processes that send. With --throughput every number is measured, else the first is used.
    #[arg(long, value_delimiter = ',', default_values_t = [3])]
    pub workers: Vec<usize>,
    /// Attempts at once of each worker [default: the program's].
    #[arg(long)]
    pub concurrency: Option<u16>,
    /// Messages of the tenant that storms; 0: no part about fairness.
    #[arg(long, default_value_t = 100_000)]
    pub storm: usize,
    /// Quiet tenants beside it.
    #[arg(long, default_value_t = 8)]
    pub quiet: usize,
    /// Codes each of them asks for in a minute.
    #[arg(long, default_value_t = 60)]
    pub quiet_per_minute: u64,
    /// For how many seconds they ask.
    #[arg(long, default_value_t = 60)]
    pub fairness_s: u64,
    /// Measure how much workers hand over, and nothing else. Always with NATS.
    #[arg(long)]
    pub throughput: bool,
    /// With --throughput: the simulator reports every text message, which costs the api process a commit each.
    #[arg(long)]
    pub callbacks: bool,
    /// The same seed draws the same faults.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// One JSON object instead of the table.
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// A version of a minute and a half, for tests: every kind of provider, and a small storm.
    pub fn short(bin: PathBuf, production: bool) -> Self {
        Self {
            production,
            bin: Some(bin),
            codes: 400,
            tenants: 10,
            rate: 40,
            connections: 8,
            code_life_s: 60,
            kill_every_ms: 3000,
            workers: vec![2],
            concurrency: None,
            storm: 400,
            quiet: 4,
            quiet_per_minute: 60,
            fairness_s: 8,
            throughput: false,
            callbacks: false,
            seed: 1,
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
/// Something could not be started, or did not come back after it was killed.
pub async fn play(options: &Options) -> Result<Report> {
    let program = match &options.bin {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("twofold"),
    };
    let workers = options.production.then(|| options.workers.first().copied().unwrap_or(1));
    let callbacks = options.callbacks || !options.throughput;
    let plan = Plan { program, workers, concurrency: options.concurrency, quiet: true, callbacks };
    let mut report = Report::default();
    if options.throughput {
        for (title, lines) in Box::pin(throughput::play(&plan, options)).await? {
            report.add(&title, lines);
        }
        return Ok(report);
    }
    let mut dice = Dice::new(options.seed);
    let mut wanted = faults::wanted(options.tenants);
    if options.storm > 0 {
        wanted.extend(fairness::wanted(options.quiet));
    }
    let mut place = Place::start(&plan).await?;
    let simulator = tenants::simulator(&wanted, dice.next()).await?;
    let mut door = place.door();
    let made = tenants::make(&mut door, &place.operator, &simulator, &wanted, options.code_life_s).await?;
    let all: Arc<[Tenant]> = made.into();
    let faulty: Arc<[Tenant]> = all[..options.tenants].into();
    if options.codes > 0 && options.tenants > 0 {
        report.add("faults and kills", Box::pin(faults::play(&mut place, &simulator, &faulty, options, dice)).await?);
    }
    if options.storm > 0 {
        let first = options.tenants;
        report.add("fairness", Box::pin(fairness::play(&mut place, &simulator, &all, first, options)).await?);
    }
    Ok(report)
}
