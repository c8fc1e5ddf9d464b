//! The pictures of a bench.

use anyhow::Result;

use super::results::{Outcome, Results};
use crate::load::{Axis, Bar, Bars, Chart, Curve, Latencies};
use crate::page::Place;

/// Draws them; answers the lines that show them.
///
/// # Errors
/// They cannot be written.
pub(super) fn draw(results: &Results, place: &Place) -> Result<String> {
    let rate = rate(results);
    let shown = place.put("rate", &rate.title, &rate.svg()?)?;
    Ok(shown + &place.draw(&[("latency", latency(results)?)])?)
}

fn measured(results: &Results) -> impl Iterator<Item = &Outcome> {
    results.outcomes.iter().filter(|outcome| !outcome.closed.is_empty())
}

fn remark(results: &Results) -> String {
    format!("{} x {}, commit {}", results.machine.cores, results.machine.cpu, results.versions.commit)
}

/// Who does how much: on a scale that has room for all of them.
pub(super) fn rate(results: &Results) -> Bars {
    let bar = |outcome: &Outcome| {
        let rate = outcome.rate()?;
        Some(Bar { label: outcome.kind.name().to_owned(), value: rate.median, low: rate.min, high: rate.max })
    };
    Bars {
        title: "Verifications a second at full load: median, least and most".to_owned(),
        remark: remark(results),
        y: Axis::log("verifications a second"),
        bars: measured(results).filter_map(bar).collect(),
    }
}

/// Latency at half of each one's rate, all rounds.
///
/// # Errors
/// Never: all histograms have the same bounds.
pub(super) fn latency(results: &Results) -> Result<Chart> {
    let mut curves = Vec::new();
    for outcome in measured(results).filter(|outcome| !outcome.open.is_empty()) {
        let mut all = Latencies::default();
        outcome.open.iter().try_for_each(|measured| all.add(&measured.run.latency))?;
        curves.push(Curve::by_quantile(outcome.kind.name(), &all));
    }
    Ok(Chart::by_quantile("Latency at half of each one's full load", remark(results), curves))
}
