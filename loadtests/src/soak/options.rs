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
    /// How long, up to a day.
    #[arg(long, default_value_t = 20, value_parser = value_parser!(u64).range(1..=1440))]
    pub minutes: u64,
    /// The same in seconds, for a short one.
    #[arg(long, conflicts_with = "minutes", value_parser = value_parser!(u64).range(1..=86_400))]
    pub seconds: Option<u64>,
    /// Users [default: 32 for each operation a second; at most 400000].
    #[arg(long, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub users: Option<u32>,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 256, value_parser = clamped)]
    pub clients: usize,
    /// Operations a second [default: half of what can be sustained].
    #[arg(long, value_parser = value_parser!(u64).range(1..=100_000))]
    pub rate: Option<u64>,
    /// Closed loops.
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u32).range(1..=20), conflicts_with = "rate")]
    pub loops: u32,
    /// Writes of the probe a second.
    #[arg(long, default_value_t = 10, value_parser = value_parser!(u64).range(1..=100))]
    pub probes: u64,
    /// The same seed draws the same mix.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write everything that was measured to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The page [default: loadtests/results/soak.md, or soak-production.md].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The folder of the plots [default: that of the page].
    #[arg(long, value_name = "FOLDER")]
    pub svg: Option<PathBuf>,
}

fn clamped(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|clients| (1..=4096).contains(clients)).ok_or_else(|| "from 1 to 4096".to_owned())
}

impl Options {
    pub(super) fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(self.minutes * 60)
    }

    pub(super) fn page(&self) -> Place {
        Place::of("soak", self.production, self.out.as_deref(), self.svg.as_deref())
    }

    /// What was typed, but for paths.
    pub(super) fn told(&self) -> String {
        let shape = if self.production { " --production" } else { "" };
        let time = self.seconds.map_or_else(|| format!("--minutes {}", self.minutes), |s| format!("--seconds {s}"));
        let users = self.users.map_or_else(String::new, |users| format!(" --users {users}"));
        let rate = self.rate.map_or_else(|| format!("--loops {}", self.loops), |rate| format!("--rate {rate}"));
        let (clients, probes, seed) = (self.clients, self.probes, self.seed);
        format!("twofold-load soak{shape} {time} {rate}{users} --clients {clients} --probes {probes} --seed {seed}")
    }
}
