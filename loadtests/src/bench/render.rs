//! The results for people: `RESULTS.md`.

use std::fmt::Write as _;

use super::contender::Kind;
use super::figures::{Spread, ratio, targets};
use super::results::{Outcome, Results, Seconds};

/// Most wrong answers that are quoted.
const QUOTED: usize = 3;

/// The whole file.
pub(super) fn markdown(results: &Results) -> String {
    let mut text = String::new();
    // Writing to a string never fails.
    let _ = head(&mut text, results)
        .and_then(|()| table(&mut text, results))
        .and_then(|()| goals(&mut text, results))
        .and_then(|()| notes(&mut text, results))
        .and_then(|()| setups(&mut text, results));
    text
}

fn head(text: &mut String, results: &Results) -> std::fmt::Result {
    let (machine, versions) = (&results.machine, &results.versions);
    writeln!(text, "# How fast a code is verified\n")?;
    if results.quick {
        writeln!(text, "**A quick bench: it shows that everything works, and its figures mean little.**\n")?;
    }
    writeln!(text, "Written by `{}`; see [README](README.md) to repeat it.\n", results.command)?;
    let date = date(results.started_at_ms);
    writeln!(text, "- {date}, commit {}, {}", or_unknown(&versions.commit), or_unknown(&versions.rustc))?;
    let memory_gib = (machine.memory_mib + 512) / 1024;
    let (cpu, kernel) = (or_unknown(&machine.cpu), or_unknown(&machine.kernel));
    writeln!(text, "- {} cores of {cpu}, {memory_gib} GiB, {kernel}; generator and servers share them", machine.cores)?;
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

fn goals(text: &mut String, results: &Results) -> std::fmt::Result {
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
    writeln!(
        text,
        "\nCost by number of users and by history, memory with a million users and time to ready: `twofold-load curves`.\n"
    )
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
            thousands_of(about.users)
        )?;
    }
    Ok(())
}

fn rate(rate: Spread) -> String {
    format!("{} ({} to {})", thousands(rate.median), thousands(rate.min), thousands(rate.max))
}

/// Two digits that count, or all before the point.
fn two(figure: f64) -> String {
    let digits = if figure >= 9.95 {
        0
    } else if figure >= 0.995 {
        1
    } else {
        2
    };
    format!("{figure:.digits$}")
}

/// A whole number, digits in groups of three; with a digit behind the point below ten.
fn thousands(figure: f64) -> String {
    if figure < 9.95 {
        return format!("{figure:.1}");
    }
    grouped(&format!("{figure:.0}"))
}

fn thousands_of(count: usize) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

/// Day and minute, UTC.
fn date(ms: u64) -> String {
    let instant = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
