//! The figures, and tables of them.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use anyhow::Result;
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use super::{ByHistory, ByUsers, page};
use crate::page::{Origin, Place};

/// All figures. In JSON it can be read again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and of what.
    pub origin: Origin,
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

    /// Writes the page and its pictures.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn write(&self, place: &Place) -> Result<()> {
        let pictures = place.draw(&self.charts())?;
        place.write(&page::markdown(self, &pictures))
    }

    pub(super) fn remark(&self) -> String {
        format!("{}, {} clients", self.origin.remark(), self.clients)
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
