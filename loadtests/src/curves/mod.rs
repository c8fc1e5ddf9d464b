//! `twofold-load curves`: what a verification costs as users and their histories grow.
//!
//! Starts the program itself, all in one process on an empty folder. For each number of users: rate, latency at half of
//! it, processor time, memory, and how long a start takes. For each length of a user's history: the first verification
//! after a start, which has to find the user, and the one right after.

mod history;
mod report;
mod server;
mod usage;
mod users;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

pub use self::history::ByHistory;
pub use self::report::Report;
pub use self::users::ByUsers;
use crate::load::write_json;
use crate::machine;

/// Options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
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
    /// Write the plots to this folder.
    #[arg(long, value_name = "FOLDER")]
    pub svg: Option<PathBuf>,
}

impl Options {
    /// A version of half a minute, for tests.
    pub fn short(bin: PathBuf) -> Self {
        Self {
            bin: Some(bin),
            users: vec![60],
            history: vec![2, 40],
            history_users: 10,
            clients: 4,
            seconds: 1,
            rounds: 1,
            seed: 1,
            json: None,
            svg: None,
        }
    }

    fn program(&self) -> Result<PathBuf> {
        match &self.bin {
            Some(program) => Ok(program.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("twofold")),
        }
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
    if let Some(folder) = &options.svg {
        report.draw(folder)?;
    }
    Ok(())
}

/// Measures.
///
/// # Errors
/// The server does not start, or gives a wrong answer.
pub async fn play(options: &Options) -> Result<Report> {
    let started_at_ms = machine::unix_ms();
    let mut users = Vec::with_capacity(options.users.len());
    for count in options.users.iter().filter(|count| **count > 0) {
        users.push(users::measure(options, *count).await?);
    }
    let lengths: Vec<u64> = options.history.iter().copied().filter(|events| *events > 0).collect();
    let (history, history_ready_s) = if lengths.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        history::measure(&Options { history: lengths, ..options.clone() }).await?
    };
    let (machine, versions) = (machine::here(), machine::versions());
    let (clients, seed) = (options.clients, options.seed);
    Ok(Report { started_at_ms, machine, versions, clients, seed, users, history, history_ready_s })
}
