//! Tables for people.

use comfy_table::{CellAlignment, Table, presets};

use super::super::plan::Pace;
use super::super::run::Run;

/// One line for each run, its parts below it, then counts and doubts.
pub fn table(runs: &[&Run]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
        .set_header(["run", "pace", "done/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "refused", "failed"]);
    for run in runs {
        let pace = match run.plan.pace {
            Pace::Open { per_second } => format!("{per_second}/s"),
            Pace::Closed => "closed".to_owned(),
        };
        let name = format!("{} {}", run.scenario, run.plan.label);
        let mut row = vec![name.trim().to_owned(), pace, format!("{:.0}", run.per_second())];
        row.extend(times(&run.latency));
        row.extend([run.total().refused.to_string(), run.failures.to_string()]);
        table.add_row(row);
        for (part, latencies) in &run.parts {
            let mut row = vec![format!("  {part}"), String::new(), String::new()];
            row.extend(times(latencies));
            table.add_row(row);
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines = std::iter::once(table.to_string()).chain(runs.iter().flat_map(|run| remarks(run)));
    lines.collect::<Vec<_>>().join("\n")
}

fn times(latencies: &super::super::Latencies) -> [String; 5] {
    [latencies.ms(0.5), latencies.ms(0.9), latencies.ms(0.99), latencies.ms(0.999), latencies.max_ms()]
        .map(|ms| format!("{ms:.2}"))
}

/// Counts by kind, doubts and examples of failures, each on a line.
fn remarks(run: &Run) -> Vec<String> {
    let kinds: Vec<String> = run.counts.iter().map(|(kind, count)| format!("{kind} {}", count.all())).collect();
    let refusals = run.refusals.iter().map(|(status, count)| format!("refused by {status}: {count}"));
    let lines = std::iter::once(kinds.join(", ")).chain(refusals);
    let doubts = run.doubts().into_iter().map(|doubt| format!("DOUBT {doubt}"));
    let failures = run.examples.iter().map(|example| format!("FAILED {example}"));
    lines.chain(doubts).chain(failures).map(|line| format!("  {} {line}", run.plan.label)).collect()
}
