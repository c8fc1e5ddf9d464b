//! The page.

use super::SHARE_PERCENT;
use super::memory::Course;
use super::report::Report;
use crate::load::Latencies;
use crate::page::{count, goals, list, ms, table, thousands};
use crate::stage::told;

/// Most wrong answers that are quoted.
const QUOTED: usize = 5;

/// The whole page; `pictures` are the lines that show them.
pub(super) fn markdown(report: &Report, pictures: &str) -> String {
    let servers = if report.own < report.processes.len() { SERVERS } else { "" };
    let head = report.origin.head("A long time of mixed load", "", "../README.md");
    [
        head + &played(report),
        format!("## Targets\n\n{}", goals(&report.goals())),
        format!("## Latency\n\n{}\n{}", latency(report), kinds(report)),
        format!("## Memory and processor\n\n{}\n{MEMORY}{servers}", memory(report)),
        format!("## What was found\n\n{}", found(report)),
        format!("## Pictures\n\n{pictures}"),
    ]
    .join("\n")
}

const MEMORY: &str = "Resident memory; what processes of one database share counts once. A moment's figure is the average of \
    ten seconds. The slope is that of\nthe last three quarters.\n";
const SERVERS: &str = "Set-ups of the mix make new users all the time, each a new subject of the log and new rows: broker and \
    database hold more with each.\n";

fn played(report: &Report) -> String {
    let (plan, probe) = (&report.mixed.plan, &report.lag.plan);
    let found = told(report.saturation.as_ref(), SHARE_PERCENT);
    format!(
        "- `mixed` with {} users at the beginning: verifications 70 %, logins 10 %, set-ups 5 %, resets 2 %, recovery codes 3 %,\n  \
         reads of the audit 5 % and of users 5 %; every answer is checked\n{found}\
         - {} operations a second, on a schedule for {} s after {} s of warm-up, with {} clients and seed {}\n\
         - lag: a write and the read of it by `min_position`, from answer to answer; {} clients, {} writes a second\n",
        count(report.users as u64),
        count(report.rate),
        plan.seconds,
        plan.warm_up_s,
        plan.clients,
        plan.seed,
        probe.clients,
        report.probes_per_s(),
    )
}

fn latency(report: &Report) -> String {
    let row = |what: &str, latencies: &Latencies| {
        let at = [0.5, 0.9, 0.99, 0.999].map(|quantile| ms(latencies.ms(quantile)));
        let [p50, p90, p99, p999] = at;
        [what.to_owned(), count(latencies.count()), p50, p90, p99, p999, ms(latencies.max_ms())]
    };
    let lag = report.read_model_lag();
    let rows = [row("operations, from when they were due", &report.mixed.latency), row("lag of the read model", &lag)];
    table(&["", "count", "p50", "p90", "p99", "p99.9", "max"], rows.into_iter())
}

fn kinds(report: &Report) -> String {
    let kinds = report.mixed.counts.iter().map(|(kind, count_of)| format!("{kind} {}", count(count_of.all())));
    let behind = report.farthest_behind().map_or_else(
        || "The product did not tell how far its read model was behind.".to_owned(),
        |behind| format!("The read model was never seen more than {} commits behind.", count(behind)),
    );
    let rate = thousands(report.mixed.per_second());
    format!("{rate} operations a second were done: {}. {behind}\n", kinds.collect::<Vec<_>>().join(", "))
}

fn memory(report: &Report) -> String {
    let row = |what: String, course: Course, cores: f64| {
        let mib = |mib: f64| format!("{mib:.0} MiB");
        let [a, b, c, d] = course.at.map(mib);
        let growth = format!("{:+.1} %", course.growth_percent());
        [what, a, b, c, d, growth, format!("{:+.2} MiB/min", course.slope), format!("{cores:.2}")]
    };
    let mut rows = Vec::new();
    for (at, process) in report.processes.iter().enumerate() {
        rows.extend(report.memory(at).map(|course| row(process.clone(), course, report.cores(at))));
    }
    let own = || (0..report.own).map(|at| report.cores(at)).sum();
    if report.own > 1 {
        rows.extend(report.own_memory().map(|course| row("the product".to_owned(), course, own())));
    }
    let head = ["", "at 25 %", "at 50 %", "at 75 %", "at 100 %", "first to last quarter", "slope", "cores"];
    table(&head, rows.into_iter())
}

fn found(report: &Report) -> String {
    let mut lines = Vec::new();
    for (what, run) in [("load", &report.mixed), ("probe", &report.lag)] {
        lines.extend(run.doubts().into_iter().map(|doubt| format!("{what}: {doubt}")));
        lines.extend(run.refusals.iter().map(|(status, refused)| format!("{what}: {refused} refused by {status}")));
        lines.extend(run.examples.iter().take(QUOTED).map(|example| format!("**{what}: {example}**")));
    }
    lines.extend(report.ending.trouble.iter().map(|trouble| format!("**{trouble}**")));
    lines.push(format!("`twofold verify-log`, {:.0} s: {}", report.ending.took_s, report.ending.said.join("; ")));
    list(&lines)
}
