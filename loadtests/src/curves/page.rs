//! The page.

use super::{ByHistory, ByUsers, Report};
use crate::page::{Goal, count, goals, list, ms, table, thousands, two};

/// Users with whom the service may hold so many MiB.
const MANY_USERS: u32 = 1_000_000;
const MANY_USERS_MIB: f64 = 500.0;
/// How far costs that are the same may lie apart.
const EQUAL_TIMES: f64 = 2.0;

/// The whole page; `pictures` are the lines that show them.
pub(super) fn markdown(report: &Report, pictures: &str) -> String {
    let head = report.origin.head("What a verification costs as users and histories grow", "", "../README.md");
    let played = format!(
        "- {} clients, seed {}; rates are medians of closed loops, latencies those of all runs on a schedule at half of the rate\n",
        report.clients, report.seed
    );
    let mut parts = vec![head + &played, format!("## Targets\n\n{}", goals(&targets(report)))];
    if !report.users.is_empty() {
        parts.push(format!("## By number of users\n\n{}{}", users(report), doubts(report)));
    }
    if !report.history.is_empty() {
        parts.push(format!("## By length of history\n\n{}\n{}", history(report), starts(report)));
    }
    parts.push(format!("## Pictures\n\n{pictures}"));
    parts.join("\n")
}

fn targets(report: &Report) -> Vec<Goal> {
    let held = format!("{MANY_USERS_MIB:.0} MiB at most");
    let memory = format!("memory with {} users", count(MANY_USERS.into()));
    let many = report.users.iter().find(|by| by.users == MANY_USERS);
    let memory = many.map_or_else(
        || Goal::not_measured(&memory, &held),
        |by| Goal::new(&memory, &held, format!("{:.0} MiB", by.peak_mib), by.peak_mib <= MANY_USERS_MIB),
    );
    let within = format!("within {EQUAL_TIMES:.0}x");
    let apart = |what: &str, all: Vec<f64>| match apart(&all) {
        Some(times) => Goal::new(what, &within, format!("{}x", two(times)), times <= EQUAL_TIMES),
        None => Goal::not_measured(what, &within),
    };
    vec![
        memory,
        apart("processor time of a verification, by users", report.users.iter().map(|by| by.cpu_us).collect()),
        apart("first verification, p50, by history", report.history.iter().map(|by| by.first.ms(0.5)).collect()),
    ]
}

/// How many times the least the most is; nothing of fewer than two.
fn apart(all: &[f64]) -> Option<f64> {
    let (least, most) = (all.iter().copied().reduce(f64::min)?, all.iter().copied().reduce(f64::max)?);
    (all.len() > 1 && least > 0.0).then_some(most / least)
}

fn users(report: &Report) -> String {
    let row = |by: &ByUsers| {
        [
            count(by.users.into()),
            thousands(by.per_second),
            ms(by.latency.ms(0.5)),
            ms(by.latency.ms(0.99)),
            format!("{} µs", thousands(by.cpu_us)),
            format!("{} µs", thousands(by.saturated_cpu_us)),
            format!("{:.0} MiB", by.rss_at_ready_mib),
            format!("{:.0} MiB", by.rss_mib),
            format!("{:.0} MiB", by.peak_mib),
            format!("{:.2} s", by.ready_s),
            format!("{} s", thousands(by.seeded_in_s)),
        ]
    };
    let head = [
        "users",
        "verifications/s",
        "p50 at half",
        "p99 at half",
        "CPU each, at half",
        "saturated",
        "memory, ready",
        "after load",
        "peak",
        "time to ready",
        "made in",
    ];
    table(&head, report.users.iter().map(row))
}

fn doubts(report: &Report) -> String {
    let of = |by: &ByUsers| -> Vec<String> {
        by.doubts.iter().map(|doubt| format!("{} users: {doubt}", count(by.users.into()))).collect()
    };
    let doubts: Vec<String> = report.users.iter().flat_map(of).collect();
    if doubts.is_empty() { String::new() } else { format!("\n{}", list(&doubts)) }
}

fn history(report: &Report) -> String {
    let row = |by: &ByHistory| {
        [
            count(by.events),
            by.users.to_string(),
            ms(by.first.ms(0.5)),
            ms(by.first.ms(0.99)),
            ms(by.first.max_ms()),
            ms(by.next.ms(0.5)),
            ms(by.next.ms(0.99)),
        ]
    };
    let head = ["events of the user", "users", "first, p50", "first, p99", "first, longest", "next, p50", "next, p99"];
    table(&head, report.history.iter().map(row))
}

fn starts(report: &Report) -> String {
    let ready: Vec<String> = report.history_ready_s.iter().map(|s| format!("{s:.2} s")).collect();
    format!(
        "The first verification of a user after a start finds nothing of him in memory; the next is the one right after. The \
         product was\nready after {}.\n",
        ready.join(", ")
    )
}
