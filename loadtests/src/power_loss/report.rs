//! The table of a run.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use comfy_table::{Table, presets};
use serde_json::json;

use super::rounds::Tally;

/// Says why nothing could be tried.
pub fn no_disk(error: &std::io::Error) {
    println!("No disk can be mounted here ({error}), so nothing was tried.");
    println!("It needs /dev/fuse, and either root or the program fusermount3 (Debian: fuse3).");
}

/// One row for each log and setting, then the verdict.
pub fn print(tallies: &[Tally], as_json: bool) {
    if as_json {
        let rows: Vec<_> = tallies.iter().map(row_json).collect();
        println!("{}", json!({ "holds": tallies.iter().all(Tally::holds), "logs": rows }));
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "log",
        "setting",
        "power losses",
        "after a kill",
        "acknowledged",
        "lost",
        "torn groups",
        "destroyed",
        "verdict",
    ]);
    for tally in tallies {
        table.add_row([
            tally.log.to_owned(),
            tally.setting.to_owned(),
            tally.cuts.to_string(),
            tally.killed_first.to_string(),
            tally.acknowledged.to_string(),
            tally.lost.to_string(),
            tally.torn.to_string(),
            tally.destroyed.to_string(),
            verdict(tally).to_owned(),
        ]);
    }
    println!("{table}");
    for tally in tallies {
        if let Some(why) = &tally.why {
            println!("{} {}: {why}", tally.log, tally.setting);
        }
    }
}

fn verdict(tally: &Tally) -> &'static str {
    match (tally.promises, tally.holds()) {
        (true, true) => "ok: nothing lost",
        (true, false) => "BROKEN: promised to lose nothing",
        (false, true) => "ok: loses, as it may",
        (false, false) => "PROVES NOTHING: nothing lost",
    }
}

fn row_json(tally: &Tally) -> serde_json::Value {
    json!({
        "log": tally.log,
        "setting": tally.setting,
        "promises": tally.promises,
        "power_losses": tally.cuts,
        "power_losses_bare": tally.bare,
        "power_losses_after_a_kill": tally.killed_first,
        "acknowledged": tally.acknowledged,
        "lost": tally.lost,
        "torn_groups": tally.torn,
        "destroyed": tally.destroyed,
        "why": tally.why,
        "holds": tally.holds(),
    })
}
