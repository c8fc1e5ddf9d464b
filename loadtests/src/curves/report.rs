//! Table and pictures of the curves.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use std::path::Path;

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use super::{ByHistory, ByUsers};
use crate::load::{Axis, Chart, Curve, Machine, Versions, put};

/// All figures. In JSON it can be read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Milliseconds since the Unix epoch.
    pub started_at_ms: u64,
    /// Where.
    pub machine: Machine,
    /// What.
    pub versions: Versions,
    /// Connections of the load.
    pub clients: usize,
    /// What the codes were drawn from.
    pub seed: u64,
    /// By number of users.
    pub users: Vec<ByUsers>,
    /// By length of history.
    pub history: Vec<ByHistory>,
    /// Seconds until the server with these histories was ready, each time.
    pub history_ready_s: Vec<f64>,
}

impl Report {
    /// Prints the tables.
    pub fn print(&self) {
        if !self.users.is_empty() {
            println!("{}", self.users_table());
        }
        for by in &self.users {
            by.doubts.iter().for_each(|doubt| println!("  DOUBT with {} users: {doubt}", by.users));
        }
        if !self.history.is_empty() {
            let ready: Vec<String> = self.history_ready_s.iter().map(|s| format!("{s:.2}")).collect();
            println!("\n{}\n  ready after {} s", self.history_table(), ready.join(", "));
        }
        println!("\n{}", self.remark());
    }

    fn users_table(&self) -> Table {
        let head = [
            "users",
            "verified/s",
            "p50 ms at half",
            "p99 ms",
            "CPU us each",
            "saturated",
            "MiB at ready",
            "after load",
            "peak",
            "ready s",
            "made in s",
        ];
        let row = |by: &ByUsers| {
            [
                by.users.to_string(),
                format!("{:.0}", by.per_second),
                format!("{:.2}", by.latency.ms(0.5)),
                format!("{:.2}", by.latency.ms(0.99)),
                format!("{:.1}", by.cpu_us),
                format!("{:.1}", by.saturated_cpu_us),
                format!("{:.0}", by.rss_at_ready_mib),
                format!("{:.0}", by.rss_mib),
                format!("{:.0}", by.peak_mib),
                format!("{:.2}", by.ready_s),
                format!("{:.0}", by.seeded_in_s),
            ]
        };
        right_aligned(&head, self.users.iter().map(row))
    }

    fn history_table(&self) -> Table {
        let head = ["events", "users", "first p50 ms", "first p99 ms", "first max ms", "next p50 ms", "next p99 ms"];
        let row = |by: &ByHistory| {
            [
                by.events.to_string(),
                by.users.to_string(),
                format!("{:.2}", by.first.ms(0.5)),
                format!("{:.2}", by.first.ms(0.99)),
                format!("{:.2}", by.first.max_ms()),
                format!("{:.2}", by.next.ms(0.5)),
                format!("{:.2}", by.next.ms(0.99)),
            ]
        };
        right_aligned(&head, self.history.iter().map(row))
    }

    /// Writes a picture of each curve to a folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn draw(&self, folder: &Path) -> Result<()> {
        for (name, chart) in self.charts() {
            put(&folder.join(name), &chart.svg()?)?;
        }
        Ok(())
    }

    /// The pictures and their file names; none of what was not measured.
    pub fn charts(&self) -> Vec<(&'static str, Chart)> {
        let users = |label: &str, of: fn(&ByUsers) -> f64| Curve {
            label: label.to_owned(),
            points: self.users.iter().map(|by| (f64::from(by.users), of(by))).collect(),
        };
        let chart = |title: &str, x: &str, y: Axis, curves: Vec<Curve>| Chart {
            title: title.to_owned(),
            remark: self.remark(),
            x: Axis::log(x),
            y,
            curves,
        };
        let mut charts = Vec::new();
        if !self.users.is_empty() {
            let rate = vec![users("closed loop", |by| by.per_second)];
            let latency = vec![users("p50", |by| by.latency.ms(0.5)), users("p99", |by| by.latency.ms(0.99))];
            let cost = vec![users("at half of the rate", |by| by.cpu_us), users("saturated", |by| by.saturated_cpu_us)];
            let memory = vec![
                users("ready", |by| by.rss_at_ready_mib),
                users("after the load", |by| by.rss_mib),
                users("peak", |by| by.peak_mib),
            ];
            charts = vec![
                ("users-rate.svg", chart("Rate by users", "users", Axis::linear("verifications a second"), rate)),
                ("users-latency.svg", chart("Latency at half of the rate", "users", Axis::log("ms"), latency)),
                (
                    "users-cost.svg",
                    chart("Cost of a verification", "users", Axis::linear("processor time in µs"), cost),
                ),
                ("users-memory.svg", chart("Memory of the server", "users", Axis::linear("MiB"), memory)),
            ];
        }
        if !self.history.is_empty() {
            let curve = |label: &str, of: fn(&ByHistory) -> f64| Curve {
                label: label.to_owned(),
                #[expect(clippy::cast_precision_loss, reason = "events are far below 2^52")]
                points: self.history.iter().map(|by| (by.events as f64, of(by))).collect(),
            };
            let curves = vec![
                curve("first after a start, p50", |by| by.first.ms(0.5)),
                curve("first, p99", |by| by.first.ms(0.99)),
                curve("the next, p50", |by| by.next.ms(0.5)),
            ];
            let title = "Verification of a user with a history";
            charts.push(("history.svg", chart(title, "events of the user", Axis::log("ms"), curves)));
        }
        charts
    }

    fn remark(&self) -> String {
        let (machine, commit) = (&self.machine, &self.versions.commit);
        format!("{} x {}, {} clients, commit {commit}", machine.cores, machine.cpu, self.clients)
    }
}

fn right_aligned<const N: usize>(head: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(head);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
