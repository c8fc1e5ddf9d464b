//! `twofold-load compare A.json B.json`: what became better and what worse from one run to the other.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};

use crate::load::{Latencies, Pace, Plan, Run, read_json};

/// Figures that differ by less say nothing: so much does the same program drift from run to run.
const NOISE: f64 = 0.05;

/// Options of the command.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The run before, as `load --json` wrote it.
    before: PathBuf,
    /// The run after.
    after: PathBuf,
}

/// Reads both, and prints the table and what makes it doubtful.
///
/// # Errors
/// A file cannot be read, or holds no run.
pub fn run(options: &Options) -> Result<()> {
    let (before, after): (Run, Run) = (read_json(&options.before)?, read_json(&options.after)?);
    println!("{}", table(&figures(&before, &after)));
    for warning in warnings(&before, &after) {
        println!("NOTE {warning}");
    }
    Ok(())
}

/// One figure of both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What it is, with its unit.
    pub name: String,
    /// In the first run.
    pub before: f64,
    /// In the second run.
    pub after: f64,
    /// Whether more is better.
    pub more_is_better: bool,
}

/// What became of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// By more than the noise.
    Better,
    /// Within 5 %.
    Same,
    /// By more than the noise.
    Worse,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Better => "better",
            Self::Same => "same",
            Self::Worse => "WORSE",
        })
    }
}

impl Figure {
    /// The second by the first; nothing by 0.
    pub fn ratio(&self) -> Option<f64> {
        (self.before > 0.0).then(|| self.after / self.before)
    }

    /// What became of it. From nothing to anything is a change.
    pub fn change(&self) -> Change {
        let more = match self.ratio() {
            Some(ratio) if (ratio - 1.0).abs() <= NOISE => return Change::Same,
            Some(ratio) => ratio > 1.0,
            None if self.after > 0.0 => true,
            None => return Change::Same,
        };
        if more == self.more_is_better { Change::Better } else { Change::Worse }
    }
}

/// Every figure of two runs: rate, latencies, parts that both have, and failures.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub fn figures(before: &Run, after: &Run) -> Vec<Figure> {
    let figure =
        |name: &str, before, after| Figure { name: name.to_owned(), before, after, more_is_better: name == "done/s" };
    let mut figures = vec![figure("done/s", before.per_second(), after.per_second())];
    let mut latencies = |name: &str, before: &Latencies, after: &Latencies| {
        for (quantile, told) in [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9")] {
            figures.push(figure(&format!("{name}{told} ms"), before.ms(quantile), after.ms(quantile)));
        }
    };
    latencies("", &before.latency, &after.latency);
    for (part, of_before) in &before.parts {
        if let Some(of_after) = after.parts.get(part) {
            latencies(&format!("{part} "), of_before, of_after);
        }
    }
    figures.push(figure("refused", before.total().refused as f64, after.total().refused as f64));
    figures.push(figure("wrong or no answer", before.failures as f64, after.failures as f64));
    figures
}

fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["figure", "before", "after", "ratio", "verdict"]);
    for figure in figures {
        let ratio = figure.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        let number = |value: f64| if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let row = [number(figure.before), number(figure.after), ratio, figure.change().to_string()];
        table.add_row(std::iter::once(figure.name.clone()).chain(row));
    }
    for column in table.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What makes the comparison doubtful: another scenario, plan, machine or compiler, and what each run says of itself.
pub fn warnings(before: &Run, after: &Run) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut differ = |what: &str, before: &str, after: &str| {
        if before != after {
            warnings.push(format!("{what} differs: {before} before, {after} after"));
        }
    };
    differ("the scenario", &before.scenario, &after.scenario);
    differ("the plan", &plan(&before.plan), &plan(&after.plan));
    let machine = |run: &Run| format!("{} x {}, {} MiB", run.machine.cores, run.machine.cpu, run.machine.memory_mib);
    differ("the machine", &machine(before), &machine(after));
    differ("the kernel", &before.machine.kernel, &after.machine.kernel);
    differ("the compiler", &before.versions.rustc, &after.versions.rustc);
    for (name, run) in [("before", before), ("after", after)] {
        warnings.extend(run.doubts().into_iter().map(|doubt| format!("{name}: {doubt}")));
        if !run.holds() {
            warnings.push(format!("{name}: the run failed, its figures count for nothing"));
        }
    }
    warnings
}

/// All of a plan but its label.
fn plan(plan: &Plan) -> String {
    let pace = match plan.pace {
        Pace::Open { per_second } => format!("{per_second}/s"),
        Pace::Closed => "closed loop".to_owned(),
    };
    let most = plan.operations.map(|most| format!(", at most {most} operations")).unwrap_or_default();
    let Plan { clients, seconds, warm_up_s, seed, .. } = plan;
    format!("{pace}, {clients} clients, {seconds} s after {warm_up_s} s{most}, seed {seed}")
}

#[cfg(test)]
mod tests;
