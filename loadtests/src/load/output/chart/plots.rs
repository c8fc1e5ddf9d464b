//! The pictures of runs.

use anyhow::{Context, Result};

use super::super::super::latencies::Latencies;
use super::super::super::plan::Pace;
use super::super::super::run::Run;
use super::{Axis, Chart, Curve, Scale};

/// Latency by quantile, a curve for each run; of one run, its parts as well.
///
/// # Errors
/// There is no run.
pub fn percentiles(runs: &[&Run]) -> Result<Chart> {
    let first = runs.first().context("a picture needs a run")?;
    let mut curves: Vec<Curve> = runs
        .iter()
        .map(|run| {
            let pace = match run.plan.pace {
                Pace::Open { per_second } => format!("{per_second}/s"),
                Pace::Closed => "closed loop".to_owned(),
            };
            let label = format!("{} {pace}", run.plan.label);
            Curve::by_quantile(label.trim(), &run.latency)
        })
        .collect();
    if runs.len() == 1 {
        let parts = first.parts.iter();
        curves.extend(parts.map(|(part, latencies)| Curve::by_quantile(part, latencies)));
    }
    Ok(Chart::by_quantile(&format!("{}: latency by quantile", first.scenario), remark(first), curves))
}

/// Latency against what was done a second.
///
/// # Errors
/// There is no run.
pub fn by_throughput(runs: &[&Run]) -> Result<Chart> {
    let first = runs.first().context("a picture needs a run")?;
    let curves = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)].map(|(label, quantile)| Curve {
        label: label.to_owned(),
        points: runs.iter().map(|run| (run.per_second(), run.latency.ms(quantile))).collect(),
    });
    Ok(Chart {
        title: format!("{}: latency against throughput", first.scenario),
        remark: remark(first),
        x: Axis::linear("operations done a second"),
        y: Axis::log("latency in ms, from when an operation was due"),
        curves: curves.into(),
    })
}

impl Chart {
    /// Latencies by quantile.
    pub fn by_quantile(title: &str, remark: String, curves: Vec<Curve>) -> Self {
        Self {
            title: title.to_owned(),
            remark,
            x: Axis { title: "share of operations that were at least as fast".to_owned(), scale: Scale::Nines },
            y: Axis::log("latency in ms, from when an operation was due"),
            curves,
        }
    }
}

impl Curve {
    /// From the fastest down to the last whole nine that the number of operations tells anything about.
    pub fn by_quantile(label: &str, latencies: &Latencies) -> Self {
        let mut points = Vec::new();
        let mut rest = 1.0_f64;
        #[expect(clippy::cast_precision_loss, reason = "operations are far below 2^52")]
        let least = 1.0 / latencies.count().max(1) as f64;
        while rest >= least {
            points.push((1.0 - rest, latencies.ms(1.0 - rest)));
            rest *= 0.9;
        }
        Self { label: label.to_owned(), points }
    }
}

/// Machine, clients and commit.
fn remark(run: &Run) -> String {
    let (machine, versions) = (&run.machine, &run.versions);
    format!("{} x {}, {} clients, commit {}", machine.cores, machine.cpu, run.plan.clients, versions.commit)
}
