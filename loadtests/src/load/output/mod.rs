//! What is written about a run: tables for people, CSV and JSON for programs, pictures for both.

mod chart;
mod csv;
mod table;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::chart::{Axis, Bar, Bars, Chart, Curve, Scale, by_throughput, percentiles};
pub use self::csv::csv;
pub use self::table::table;
use super::run::Run;
use super::sweep::Sweep;

/// Where a run is written to.
#[derive(Debug, Clone, Default, Args)]
pub struct Outputs {
    /// Write everything that was measured to this file, which `compare` reads.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write one line a second to this file.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the plots to this folder.
    #[arg(long, value_name = "FOLDER")]
    pub svg: Option<PathBuf>,
}

impl Outputs {
    /// Writes what is wanted of one run.
    ///
    /// # Errors
    /// A file or the folder cannot be written.
    pub fn write(&self, run: &Run) -> Result<()> {
        if let Some(path) = &self.json {
            write_json(path, run)?;
        }
        if let Some(path) = &self.csv {
            put(path, &csv(run))?;
        }
        if let Some(folder) = &self.svg {
            put(&folder.join(format!("{}-latency.svg", run.scenario)), &percentiles(&[run])?.svg()?)?;
        }
        Ok(())
    }

    /// Writes what is wanted of a sweep; the CSV has the seconds of the saturated run.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_sweep(&self, sweep: &Sweep) -> Result<()> {
        let name = &sweep.saturated.scenario;
        if let Some(path) = &self.json {
            write_json(path, sweep)?;
        }
        if let Some(path) = &self.csv {
            put(path, &csv(&sweep.saturated))?;
        }
        if let Some(folder) = &self.svg {
            let mut steps: Vec<&Run> = sweep.steps.iter().collect();
            if steps.is_empty() {
                steps.push(&sweep.saturated);
            }
            put(&folder.join(format!("{name}-latency.svg")), &percentiles(&steps)?.svg()?)?;
            put(&folder.join(format!("{name}-throughput.svg")), &by_throughput(&steps)?.svg()?)?;
        }
        Ok(())
    }
}

/// Writes a file, and the folders that lead to it.
///
/// # Errors
/// It cannot be written.
pub fn put(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Writes anything as JSON.
///
/// # Errors
/// It cannot be written.
pub fn write_json<T: Serialize>(path: &Path, what: &T) -> Result<()> {
    put(path, &(serde_json::to_string_pretty(what)? + "\n"))
}

/// Reads what [`write_json`] wrote.
///
/// # Errors
/// There is no such file, or something else is in it.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a run of this program", path.display()))
}
