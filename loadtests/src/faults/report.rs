//! The tables of a run.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{Table, presets};
use serde_json::json;

use super::check::Verdict;
use super::clients::{Ending, Record};
use super::plan::Fault;

/// Lines against a promise that are printed.
const LISTED: usize = 20;

/// When a fault was there.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// What it was.
    pub fault: Fault,
    /// Since the beginning.
    pub from: Duration,
    /// Mended, and somebody has logged in.
    pub to: Duration,
}

#[derive(Debug, Default)]
struct Row {
    count: u64,
    success: u64,
    refused: u64,
    unavailable: u64,
    cut: u64,
    longest_gap: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    rows: BTreeMap<Fault, Row>,
    whole: Row,
    took: Duration,
    verdicts: Vec<Verdict>,
}

/// Refusals by fault, as the clients judged them.
pub fn faults_verdict(record: &Record) -> Verdict {
    let (count, mut against) = record.violations();
    if count > against.len() as u64 {
        against.push(format!("and {} more", count - against.len() as u64));
    }
    let endings = record.endings(Duration::ZERO, record.now());
    let open = endings.iter().filter(|ending| matches!(ending, Ending::Unavailable | Ending::Cut)).count();
    let about = format!("{} requests, {open} of them without an answer or with 503", endings.len());
    Verdict { promise: "a fault is answered 503 or not at all, and is over when it is mended", about, against }
}

impl Row {
    fn add(&mut self, record: &Record, from: Duration, to: Duration) {
        self.count += 1;
        for ending in record.endings(from, to) {
            match ending {
                Ending::Success => self.success += 1,
                Ending::Refused => self.refused += 1,
                Ending::Unavailable => self.unavailable += 1,
                Ending::Cut => self.cut += 1,
            }
        }
        self.longest_gap = self.longest_gap.max(record.longest_gap(from, to));
    }

    fn requests(&self) -> u64 {
        self.success + self.refused + self.unavailable + self.cut
    }

    fn cells(&self, name: &str) -> Vec<String> {
        let numbers = [self.count, self.requests(), self.success, self.refused, self.unavailable, self.cut];
        let mut cells = vec![name.to_owned()];
        cells.extend(numbers.iter().map(u64::to_string));
        cells.push(format!("{:.2}", self.longest_gap.as_secs_f64()));
        cells
    }

    fn json(&self, name: &str) -> serde_json::Value {
        json!({
            "fault": name,
            "count": self.count,
            "requests": self.requests(),
            "success": self.success,
            "refused": self.refused,
            "unavailable": self.unavailable,
            "cut": self.cut,
            "longest_without_success_s": self.longest_gap.as_secs_f64(),
        })
    }
}

impl Report {
    /// Counts what happened during each fault.
    pub fn new(record: &Record, windows: &[Window], verdicts: Vec<Verdict>) -> Self {
        let mut rows: BTreeMap<Fault, Row> = BTreeMap::new();
        for window in windows {
            rows.entry(window.fault).or_default().add(record, window.from, window.to);
        }
        let (from, to) =
            (windows.first().map_or(Duration::ZERO, |w| w.from), windows.last().map_or(Duration::ZERO, |w| w.to));
        let mut whole = Row::default();
        whole.add(record, from, to);
        whole.count = windows.len() as u64;
        Self { rows, whole, took: to.saturating_sub(from), verdicts }
    }

    /// Whether every promise was kept.
    pub fn holds(&self) -> bool {
        self.verdicts.iter().all(Verdict::holds)
    }

    /// What speaks against the promises.
    pub fn against(&self) -> Vec<String> {
        let lines = |verdict: &Verdict| {
            verdict.against.iter().map(|line| format!("{}: {line}", verdict.promise)).collect::<Vec<_>>()
        };
        self.verdicts.iter().flat_map(lines).collect()
    }

    /// Kills that were survived.
    pub fn kills(&self) -> u64 {
        self.rows.iter().filter(|(fault, _)| fault.kills()).map(|(_, row)| row.count).sum()
    }

    /// Logins and whatever else succeeded.
    pub const fn successes(&self) -> u64 {
        self.whole.success
    }

    /// Prints everything.
    pub fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.json());
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["fault", "times", "requests", "2xx", "4xx", "503", "cut", "longest without a success, s"]);
        for (fault, row) in &self.rows {
            table.add_row(row.cells(fault.name()));
        }
        table.add_row(self.whole.cells("from first to last"));
        println!("{table}\n{} kills in {:.0} s\n", self.kills(), self.took.as_secs_f64());
        for verdict in &self.verdicts {
            println!("{}  {}: {}", if verdict.holds() { "ok    " } else { "BROKEN" }, verdict.promise, verdict.about);
            verdict.against.iter().take(LISTED).for_each(|line| println!("        {line}"));
            if verdict.against.len() > LISTED {
                println!("        and {} more", verdict.against.len() - LISTED);
            }
        }
    }

    fn json(&self) -> serde_json::Value {
        let faults: Vec<_> = self.rows.iter().map(|(fault, row)| row.json(fault.name())).collect();
        let verdicts = self.verdicts.iter().map(|verdict| {
            json!({ "promise": verdict.promise, "holds": verdict.holds(), "about": verdict.about, "against": verdict.against })
        });
        json!({
            "holds": self.holds(),
            "kills": self.kills(),
            "seconds": self.took.as_secs_f64(),
            "faults": faults,
            "whole": self.whole.json("all"),
            "verdicts": verdicts.collect::<Vec<_>>(),
        })
    }
}
