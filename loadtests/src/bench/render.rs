//! The results for people: `RESULTS.md`.

use std::fmt::Write as _;

use super::contender::Kind;
use super::figures::{Spread, ratio, targets};
use super::results::{Outcome, Results, Seconds};
use crate::page::{Origin, count, thousands, two};

/// Most wrong answers that are quoted.
const QUOTED: usize = 3;

/// The whole file; `pictures` are the lines that show them, `others` those that lead to other pages.
pub(super) fn markdown(results: &Results, pictures: &str, others: &str) -> String {
    let mut text = String::new();
    // Writing to a string never fails.
    let _ = head(&mut text, results)
        .and_then(|()| table(&mut text, results))
        .and_then(|()| writeln!(text, "{pictures}"))
        .and_then(|()| goals(&mut text, results, others))
        .and_then(|()| notes(&mut text, results))
        .and_then(|()| setups(&mut text, results));
    text
}

fn head(text: &mut String, results: &Results) -> std::fmt::Result {
    let quick = "**A quick bench: it shows that everything works, and its figures mean little.**\n\n";
    let quick = if results.quick { quick } else { "" };
    let origin = Origin {
        started_at_ms: results.started_at_ms,
        command: results.command.clone(),
        machine: results.machine.clone(),
        versions: results.versions.clone(),
        setup: Vec::new(),
    };
    text.push_str(&origin.head("How fast a code is verified", quick, "README.md"));
    let Seconds { warm_up, closed, open } = results.seconds;
    let rounds = results.rounds;
    writeln!(
        text,
        "- rounds: {rounds} of {closed} s at full load (closed loop), then {rounds} of {open} s at half of that (a fixed"
    )?;
    writeln!(
        text,
        "  schedule, latency from the moment a request was due); the servers in turn, {warm_up} s of warm-up before each"
    )?;
    writeln!(
        text,
        "- 90 right codes in a hundred, 8 wrong ones, 2 that were spent, over many users; every answer is checked\n"
    )
}

fn table(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(
        text,
        "| | verifications/s: median (least to most) | of the bare route | against OpenBao | p50 at half | p99 at half | server's CPU each | memory, peak | clients |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|---|---|---|")?;
    for outcome in &results.outcomes {
        if outcome.closed.is_empty() {
            writeln!(text, "| {} | not measured | | | | | | | |", outcome.kind.name())?;
            continue;
        }
        let share = ratio(results, outcome.kind, Kind::Bare)
            .map_or_else(String::new, |share| format!("{} %", two(share * 100.0)));
        let against =
            ratio(results, outcome.kind, Kind::Openbao).map_or_else(String::new, |ratio| format!("{}x", two(ratio)));
        let rate = outcome.rate().map_or_else(String::new, rate);
        let ms = |quantile| outcome.half_ms(quantile).map_or_else(String::new, |ms| format!("{} ms", two(ms.median)));
        let cpu = outcome.cpu_us().map_or_else(String::new, |cpu| format!("{} µs", thousands(cpu.median)));
        let (name, version) = (&outcome.about.name, &outcome.about.version);
        let (p50, p99, mib, clients) = (ms(0.5), ms(0.99), outcome.peak_mib, outcome.about.clients);
        writeln!(
            text,
            "| {name} {version} | {rate} | {share} | {against} | {p50} | {p99} | {cpu} | {mib} MiB | {clients} |"
        )?;
    }
    writeln!(text)
}

fn goals(text: &mut String, results: &Results, others: &str) -> std::fmt::Result {
    writeln!(text, "## Targets\n")?;
    writeln!(text, "| | at least | stretch | measured | |")?;
    writeln!(text, "|---|---|---|---|---|")?;
    for target in targets(results) {
        let unit = target.unit;
        let figure = |figure: f64| match target.digits {
            0 => format!("{}{unit}", thousands(figure)),
            digits => format!("{figure:.digits$}{unit}"),
        };
        let measured = target.measured.map_or_else(String::new, figure);
        let (least, stretch, grade) = (figure(target.least), figure(target.stretch), target.grade().told());
        writeln!(text, "| {} | {least} | {stretch} | {measured} | {grade} |", target.what)?;
    }
    writeln!(text, "\n{others}")
}

fn notes(text: &mut String, results: &Results) -> std::fmt::Result {
    let found: Vec<String> = results.outcomes.iter().flat_map(found).collect();
    if found.is_empty() {
        return Ok(());
    }
    writeln!(text, "## What was found\n")?;
    for line in found {
        writeln!(text, "- {line}")?;
    }
    writeln!(text)
}

fn found(outcome: &Outcome) -> Vec<String> {
    let name = if outcome.about.name.is_empty() { outcome.kind.name() } else { &outcome.about.name };
    let mut found = Vec::new();
    found.extend(outcome.trouble.iter().map(|trouble| format!("{name}: {trouble}")));
    let (accepted, refused) = (outcome.count("replay-accepted"), outcome.count("replay"));
    // The bare route knows no codes.
    if accepted > 0 {
        let all = accepted + refused;
        found.push(format!("{name} accepted a code that had been accepted before: {accepted} of {all} replays"));
    }
    if outcome.refused() > 0 {
        found.push(format!("{name} refused {} requests for want of room or by a limit", outcome.refused()));
    }
    let runs = || outcome.closed.iter().chain(&outcome.open).map(|measured| &measured.run);
    let failures: u64 = runs().map(|run| run.failures).sum();
    if failures > 0 {
        let examples: Vec<&str> = runs().flat_map(|run| &run.examples).take(QUOTED).map(String::as_str).collect();
        found.push(format!("**{name} gave {failures} wrong answers or none**: {}", examples.join("; ")));
    }
    for (pace, measured) in [("full", &outcome.closed), ("half", &outcome.open)] {
        let doubts: Vec<Vec<String>> = measured.iter().map(|measured| measured.run.doubts()).collect();
        let doubtful = doubts.iter().filter(|doubts| !doubts.is_empty()).count();
        if let Some(first) = doubts.iter().flatten().next() {
            found.push(format!("{name}, {pace} load, {doubtful} of {} rounds, such as: {first}", measured.len()));
        }
    }
    found
}

fn setups(text: &mut String, results: &Results) -> std::fmt::Result {
    writeln!(text, "## How each was set up\n")?;
    writeln!(
        text,
        "Clients are kept connections with one request at a time; memory that several processes share counts for each.\n"
    )?;
    for outcome in results.outcomes.iter().filter(|outcome| !outcome.about.name.is_empty()) {
        let about = &outcome.about;
        writeln!(
            text,
            "- {} {}: {}; {} users",
            about.name,
            about.version,
            about.setup.join("; "),
            count(about.users as u64)
        )?;
    }
    Ok(())
}

fn rate(rate: Spread) -> String {
    format!("{} ({} to {})", thousands(rate.median), thousands(rate.min), thousands(rate.max))
}
