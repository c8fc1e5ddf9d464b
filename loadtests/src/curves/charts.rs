//! The pictures.

use super::{ByHistory, ByUsers, Report};
use crate::load::{Axis, Chart, Curve};

impl Report {
    /// The pictures and their names; none of what was not measured.
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
                ("users-rate", chart("Rate by users", "users", Axis::linear("verifications a second"), rate)),
                ("users-latency", chart("Latency at half of the rate", "users", Axis::log("ms"), latency)),
                ("users-cost", chart("Cost of a verification", "users", Axis::linear("processor time in µs"), cost)),
                ("users-memory", chart("Memory of the server", "users", Axis::linear("MiB"), memory)),
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
            charts.push(("history", chart(title, "events of the user", Axis::log("ms"), curves)));
        }
        charts
    }
}
