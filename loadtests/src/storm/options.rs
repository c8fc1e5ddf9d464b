//! What is typed.

use std::path::PathBuf;

use clap::Args;
use clap::value_parser;

use crate::page::Place;

/// Options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// NATS, PostgreSQL, `api` and `project`, instead of one process that does everything.
    #[arg(long)]
    pub production: bool,
    /// The program [default: twofold beside this one].
    #[arg(long)]
    pub bin: Option<PathBuf>,
    /// Rounds, each with a quiet run and one beside the storm; medians are taken over them.
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u32).range(1..=100))]
    pub runs: u32,
    /// Seconds of each run.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Seconds before each, which are not measured; the storm is there already.
    #[arg(long, default_value_t = 2, value_parser = value_parser!(u64).range(0..=60))]
    pub warm_up: u64,
    /// Logins a second [default: a share of what can be sustained].
    #[arg(long, value_parser = value_parser!(u64).range(1..=100_000))]
    pub rate: Option<u64>,
    /// Closed loops.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=20), conflicts_with = "rate")]
    pub loops: u32,
    /// The share of their median that is played, in percent.
    #[arg(long, default_value_t = 50, value_parser = value_parser!(u64).range(1..=100), conflicts_with = "rate")]
    pub share: u64,
    /// Connections that log in, each with one request at a time.
    #[arg(long, default_value_t = 128)]
    pub clients: usize,
    /// Users who log in [default: 32 for each login a second; at most 400000].
    #[arg(long, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub users: Option<u32>,
    /// Users of each round whose codes are guessed.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=10_000))]
    pub victims: u32,
    /// Guesses a second, all victims together.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u64).range(1..=100_000))]
    pub guesses: u64,
    /// Connections that guess.
    #[arg(long, default_value_t = 32)]
    pub attackers: usize,
    /// The same seed guesses the same.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write everything that was measured to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The page [default: loadtests/results/hostile.md, or hostile-production.md].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The folder of the plots [default: that of the page].
    #[arg(long, value_name = "FOLDER")]
    pub svg: Option<PathBuf>,
}

impl Options {
    pub(super) fn page(&self) -> Place {
        Place::of("hostile", self.production, self.out.as_deref(), self.svg.as_deref())
    }

    /// What was typed, but for paths.
    pub(super) fn told(&self) -> String {
        let shape = if self.production { " --production" } else { "" };
        let found = || format!("--loops {} --share {}", self.loops, self.share);
        let rate = self.rate.map_or_else(found, |rate| format!("--rate {rate}"));
        let users = self.users.map_or_else(String::new, |users| format!(" --users {users}"));
        format!(
            "twofold-load storm{shape} --runs {} --seconds {} --warm-up {} {rate} --clients {}{users} --victims {} \
             --guesses {} --attackers {} --seed {}",
            self.runs, self.seconds, self.warm_up, self.clients, self.victims, self.guesses, self.attackers, self.seed
        )
    }
}
