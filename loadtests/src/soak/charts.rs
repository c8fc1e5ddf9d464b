//! The pictures: over time, and the lag by quantile.

use std::time::Duration;

use super::report::Report;
use crate::load::{Axis, Chart, Curve, Latencies, Second};

/// Seconds that one point of a curve over time stands for.
const WINDOW_S: usize = 10;

/// All of them with their names.
pub(super) fn all(report: &Report) -> Vec<(&'static str, Chart)> {
    let over_time = |title: &str, y: Axis, curves: Vec<Curve>| Chart {
        title: title.to_owned(),
        remark: report.origin.remark(),
        x: Axis::linear("minutes"),
        y,
        curves,
    };
    let by_quantile = Chart::by_quantile(
        "Latency and lag by quantile",
        report.origin.remark(),
        vec![
            Curve::by_quantile("operations, from when they were due", &report.mixed.latency),
            Curve::by_quantile("lag of the read model", &report.read_model_lag()),
        ],
    );
    vec![
        ("memory", over_time("Memory of each process", Axis::linear("MiB"), memory(report))),
        ("cores", over_time("Processor time of each process", Axis::linear("cores"), cores(report))),
        ("latency", over_time("Latency, second by second", Axis::log("ms"), latency(report))),
        ("lag", over_time("Lag of the read model, in windows of 10 s", Axis::linear("ms"), lag(report))),
        ("quantiles", by_quantile),
    ]
}

fn memory(report: &Report) -> Vec<Curve> {
    let curve = |(at, process): (usize, &String)| {
        let points = report.samples.iter().filter_map(|sample| Some((sample.at_s / 60.0, *sample.mib.get(at)?)));
        Curve { label: process.clone(), points: points.collect() }
    };
    report.processes.iter().enumerate().map(curve).collect()
}

fn cores(report: &Report) -> Vec<Curve> {
    let curve = |(at, process): (usize, &String)| {
        let looks: Vec<(f64, f64)> =
            report.samples.iter().filter_map(|sample| Some((sample.at_s, *sample.cpu_s.get(at)?))).collect();
        let steps = looks.iter().zip(looks.iter().skip(WINDOW_S)).step_by(WINDOW_S);
        let points = steps.map(|((from, before), (until, after))| (until / 60.0, (after - before) / (until - from)));
        Curve { label: process.clone(), points: points.collect() }
    };
    report.processes.iter().enumerate().map(curve).collect()
}

fn latency(report: &Report) -> Vec<Curve> {
    #[expect(clippy::cast_precision_loss, reason = "a day has few seconds")]
    let curve = |label: &str, of: fn(&Second) -> f64| Curve {
        label: label.to_owned(),
        points: report.mixed.timeline.iter().map(|second| (second.at_s as f64 / 60.0, of(second))).collect(),
    };
    vec![curve("p50", |second| second.p50_ms), curve("p99", |second| second.p99_ms)]
}

fn lag(report: &Report) -> Vec<Curve> {
    let window = |quantile: f64| {
        let mut points = Vec::new();
        let mut rest = report.lags.as_slice();
        while let Some(first) = rest.first() {
            #[expect(clippy::cast_precision_loss, reason = "a small constant")]
            let end = first.at_s + WINDOW_S as f64;
            let (now, later) = rest.split_at(rest.iter().take_while(|lag| lag.at_s < end).count().max(1));
            let mut latencies = Latencies::default();
            for lag in now {
                latencies.record(Duration::from_secs_f64(lag.ms.max(0.0) / 1000.0));
            }
            points.push((first.at_s / 60.0, latencies.ms(quantile)));
            rest = later;
        }
        points
    };
    let curve = |label: &str, quantile| Curve { label: label.to_owned(), points: window(quantile) };
    vec![curve("p50", 0.5), curve("p90", 0.9), curve("longest", 1.0)]
}
