//! `twofold-load bench`: the hot path of the product beside a bare route and other servers that check codes, in one run.
//!
//! All are started and get their users, then every round puts each under full load for a few seconds, one after the other,
//! so that a machine that grows slower does so for all. Then the same rounds on a schedule, at half of what each could do.

pub mod bare;
mod contender;
mod figures;
mod others;
mod peer;
mod plots;
mod render;
mod results;
mod rounds;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

pub use self::contender::{About, Kind};
pub use self::figures::Spread;
pub use self::results::{Measured, Outcome, Results, Seconds};
use crate::page::Place;

/// Options of the bench.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Rounds; medians are taken over them.
    #[arg(long, default_value_t = 5)]
    pub runs: u32,
    /// Rounds of two seconds with few users, to see that everything works. Its figures mean little.
    #[arg(long)]
    pub quick: bool,
    /// Only these, separated by commas [default: all].
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Kind>,
    /// Users of the product: each spends a step once, so five seconds at full load need many [default: 120000; 8000 with
    /// --quick].
    #[arg(long)]
    pub users: Option<u32>,
    /// Where the results are written. All runs go to a JSON file of the same name beside the peers' packages.
    #[arg(long, default_value = "loadtests/RESULTS.md")]
    pub out: PathBuf,
    /// The folder of the plots [default: results, beside the results].
    #[arg(long, value_name = "FOLDER")]
    pub svg: Option<PathBuf>,
    /// Where the peers' packages are installed [default: target/peers].
    #[arg(long)]
    pub home: Option<PathBuf>,
    /// The program [default: twofold beside this one].
    #[arg(long)]
    pub bin: Option<PathBuf>,
    /// This program, for the bare route.
    #[arg(long, hide = true)]
    pub own_bin: Option<PathBuf>,
    /// The same seed draws the same mix.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Options {
    /// A version of half a minute, for tests.
    pub fn short(bin: PathBuf, only: Vec<Kind>) -> Self {
        Self {
            runs: 1,
            quick: true,
            only,
            users: Some(1_500),
            out: PathBuf::from("RESULTS.md"),
            svg: None,
            home: None,
            bin: Some(bin),
            own_bin: None,
            seed: 1,
        }
    }

    /// Where the pages about other measurements are.
    fn others(&self) -> PathBuf {
        self.out.parent().unwrap_or(Path::new("")).join("results")
    }

    fn page(&self) -> Place {
        Place::new(&self.out, Some(self.svg.as_deref().unwrap_or(&self.others()))).called("bench")
    }

    fn kinds(&self) -> Vec<Kind> {
        let wanted = |kind: &Kind| self.only.is_empty() || self.only.contains(kind);
        Kind::ALL.into_iter().filter(wanted).collect()
    }

    fn users(&self) -> u32 {
        self.users.unwrap_or(if self.quick { 8_000 } else { 120_000 })
    }

    fn own_program(&self) -> Result<PathBuf> {
        self.own_bin.clone().map_or_else(|| Ok(std::env::current_exe()?), Ok)
    }

    fn home(&self) -> PathBuf {
        self.home.clone().unwrap_or_else(|| PathBuf::from("target/peers"))
    }

    /// In the working folder, where the program runs in a checkout; else beside the sources it was built from.
    fn scripts() -> PathBuf {
        let here = PathBuf::from("loadtests/peers");
        if here.is_dir() { here } else { PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers") }
    }

    /// What was typed, but for paths.
    fn told(&self) -> String {
        let mut words = vec![format!("twofold-load bench --runs {} --users {}", self.runs, self.users())];
        words.push(format!("--seed {}", self.seed));
        if self.quick {
            words.push("--quick".to_owned());
        }
        if !self.only.is_empty() {
            let names: Vec<&str> = self.only.iter().map(|kind| kind.name()).collect();
            words.push(format!("--only {}", names.join(",")));
        }
        words.join(" ")
    }
}

/// Measures, and writes the results. A peer that cannot be started is told in them; a wrong answer fails the bench after
/// they were written.
///
/// # Errors
/// The product or the bare route does not start; the results cannot be written.
pub async fn run(options: Options) -> Result<ExitCode> {
    let results = play(&options).await?;
    let home = options.home();
    fs::create_dir_all(&home)?;
    let json = home.join(options.out.file_name().context("a file for the results")?).with_extension("json");
    fs::write(&json, serde_json::to_vec(&results)?).with_context(|| format!("writing {}", json.display()))?;
    let page = options.page();
    let pictures = plots::draw(&results, &page)?;
    page.write(&render::markdown(&results, &pictures, &others::links(&options.others())))?;
    Ok(if results.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same, without a file.
///
/// # Errors
/// The product or the bare route does not start.
pub async fn play(options: &Options) -> Result<Results> {
    rounds::play(options).await
}
