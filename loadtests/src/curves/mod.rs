//! `twofold-load curves`: what a verification costs as users and their histories grow.
//!
//! Starts the program itself, all in one process on an empty folder, or the production shape. For each number of users: rate, latency at half of
//! it, processor time, memory, and how long a start takes. For each length of a user's history: the first verification
//! after a start, which has to find the user, and the one right after.

mod charts;
mod history;
mod page;
mod report;
mod server;
#[cfg(test)]
mod tests;
mod users;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

pub use self::history::ByHistory;
pub use self::report::Report;
pub use self::users::ByUsers;
use crate::load::write_json;
use crate::machine;
use crate::page::{Origin, Place};
use crate::stage::tell;

/// Options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// NATS, PostgreSQL, `api` and `project`, instead of one process that does everything. Memory, processor time and starts
    /// are then those of the last two.
    #[arg(long)]
    pub production: bool,
    /// The program [default: twofold beside this one].
    #[arg(long)]
    pub bin: Option<PathBuf>,
    /// Numbers of users; 0 for none of these.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    pub users: Vec<u32>,
    /// Events of a user; 0 for none of these.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 1_000, 100_000])]
    pub history: Vec<u64>,
    /// Users with the shortest of these histories; of long ones there are fewer.
    #[arg(long, default_value_t = 100)]
    pub history_users: u32,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 128)]
    pub clients: usize,
    /// Seconds of each measured run; fewer users than 30 for each operation a second end it sooner.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Runs of each kind, and starts with the histories. Medians are told of the rates.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// The same seed plays the same codes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write all figures to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The page [default: loadtests/results/curves.md, or curves-production.md].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The folder of the plots [default: that of the page].
    #[arg(long, value_name = "FOLDER")]
    pub svg: Option<PathBuf>,
}

impl Options {
    /// A version of half a minute, for tests.
    pub fn short(bin: PathBuf) -> Self {
        Self {
            production: false,
            bin: Some(bin),
            users: vec![60],
            history: vec![2, 40],
            history_users: 10,
            clients: 4,
            seconds: 1,
            rounds: 1,
            seed: 1,
            json: None,
            out: None,
            svg: None,
        }
    }

    fn page(&self) -> Place {
        Place::of("curves", self.production, self.out.as_deref(), self.svg.as_deref())
    }

    /// What was typed, but for paths.
    fn told(&self) -> String {
        let shape = if self.production { " --production" } else { "" };
        let list = |numbers: Vec<String>| numbers.join(",");
        format!(
            "twofold-load curves{shape} --users {} --history {} --history-users {} --clients {} --seconds {} --rounds {} --seed {}",
            list(self.users.iter().map(u32::to_string).collect()),
            list(self.history.iter().map(u64::to_string).collect()),
            self.history_users,
            self.clients,
            self.seconds,
            self.rounds,
            self.seed
        )
    }
}

/// Measures, tells and writes.
///
/// # Errors
/// As [`play`]; or a file cannot be written.
pub async fn run(options: Options) -> Result<()> {
    let report = play(&options).await?;
    report.print();
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    report.write(&options.page())?;
    Ok(())
}

/// Measures.
///
/// # Errors
/// The server does not start, or gives a wrong answer.
pub async fn play(options: &Options) -> Result<Report> {
    let started_at_ms = machine::unix_ms();
    let (mut users, mut setup) = (Vec::with_capacity(options.users.len()), Vec::new());
    for count in options.users.iter().filter(|count| **count > 0) {
        tell(&format!("{count} users"));
        let (by, set_up) = users::measure(options, *count).await?;
        users.push(by);
        setup = set_up;
    }
    let lengths: Vec<u64> = options.history.iter().copied().filter(|events| *events > 0).collect();
    let (mut history, mut history_ready_s) = (Vec::new(), Vec::new());
    if !lengths.is_empty() {
        tell("users with histories");
        let measured = history::measure(&Options { history: lengths, ..options.clone() }).await?;
        (history, history_ready_s, setup) = (measured.by_history, measured.ready_s, measured.setup);
    }
    let (machine, versions) = (machine::here(), machine::versions());
    let origin = Origin { started_at_ms, command: options.told(), machine, versions, setup };
    let (clients, seed) = (options.clients, options.seed);
    Ok(Report { origin, clients, seed, users, history, history_ready_s })
}
