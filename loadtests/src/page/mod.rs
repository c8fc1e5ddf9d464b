//! What the pages about measurements have in common: where and how it was measured, and numbers for people.

mod place;
mod words;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub(crate) use self::place::Place;
pub(crate) use self::words::{count, ms, thousands, two};
use crate::load::{Machine, Versions};

/// What a page says of its origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Milliseconds since the Unix epoch, at the beginning.
    pub started_at_ms: u64,
    /// What was typed, but for paths.
    pub command: String,
    /// Where.
    pub machine: Machine,
    /// What.
    pub versions: Versions,
    /// How the server was set up, a sentence each.
    pub setup: Vec<String>,
}

impl Origin {
    /// Title, command, date, commit and machine. `readme` is the way to the README.
    pub(crate) fn head(&self, title: &str, remark: &str, readme: &str) -> String {
        let (machine, versions) = (&self.machine, &self.versions);
        let mut text = format!("# {title}\n\n{remark}");
        let date = date(self.started_at_ms);
        let memory_gib = (machine.memory_mib + 512) / 1024;
        let (cpu, kernel) = (or_unknown(&machine.cpu), or_unknown(&machine.kernel));
        // Writing to a string never fails.
        let _ = write!(
            text,
            "Written by `{}`; see [README]({readme}) to repeat it.\n\n\
             - {date}, commit {}, {}\n\
             - {} cores of {cpu}, {memory_gib} GiB, {kernel}; generator and servers share them\n",
            self.command,
            or_unknown(&versions.commit),
            or_unknown(&versions.rustc),
            machine.cores,
        );
        for line in &self.setup {
            let _ = writeln!(text, "- {line}");
        }
        text
    }

    /// The line below the title of a picture.
    pub(crate) fn remark(&self) -> String {
        let (machine, versions) = (&self.machine, &self.versions);
        format!("{} x {}, commit {}", machine.cores, machine.cpu, versions.commit)
    }
}

/// What was demanded, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// Of what.
    pub what: String,
    /// What was demanded.
    pub wanted: String,
    /// What was measured.
    pub measured: String,
    /// Whether that is enough; nothing: it was not measured.
    pub met: Option<bool>,
}

impl Goal {
    pub(crate) fn new(what: &str, wanted: &str, measured: String, met: bool) -> Self {
        Self { what: what.to_owned(), wanted: wanted.to_owned(), measured, met: Some(met) }
    }

    pub(crate) fn not_measured(what: &str, wanted: &str) -> Self {
        Self { what: what.to_owned(), wanted: wanted.to_owned(), measured: String::new(), met: None }
    }

    fn told(&self) -> &'static str {
        match self.met {
            None => "not measured",
            Some(true) => "met",
            Some(false) => "**not met**",
        }
    }
}

/// The goals as a table.
pub(crate) fn goals(goals: &[Goal]) -> String {
    let row = |goal: &Goal| [goal.what.clone(), goal.wanted.clone(), goal.measured.clone(), goal.told().to_owned()];
    table(&["", "wanted", "measured", ""], goals.iter().map(row))
}

/// A table.
pub(crate) fn table<const N: usize>(head: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |");
    let mut text = line(&head.map(ToOwned::to_owned));
    text += "|";
    text += &"---|".repeat(N);
    text += "\n";
    rows.for_each(|row| text.push_str(&line(&row)));
    text
}

/// Lines as a list.
pub(crate) fn list(lines: &[String]) -> String {
    lines.iter().flat_map(|line| ["- ", line, "\n"]).collect()
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

/// Day and minute, UTC.
fn date(ms: u64) -> String {
    let instant = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Some origin, for tests of pages.
#[cfg(test)]
pub(crate) fn made_up(command: &str) -> Origin {
    let [cpu, kernel, rustc] = ["Some CPU", "Linux 6.1", "rustc 1.95"].map(ToOwned::to_owned);
    Origin {
        started_at_ms: 1_700_000_000_000,
        command: command.to_owned(),
        machine: Machine { cpu, cores: 2, memory_mib: 16_000, kernel },
        versions: Versions { program: "0.1.0".to_owned(), rustc, commit: "abc+".to_owned() },
        setup: vec!["one process with everything in it".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_says_whether_it_was_met_and_nothing_is_met_that_was_not_measured() {
        let goal = |met| Goal { met, ..Goal::new("lag", "below 200 ms", "12 ms".to_owned(), true) };
        let text = goals(&[goal(Some(true)), goal(Some(false)), Goal::not_measured("lag", "below 200 ms")]);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines[0], "| lag | below 200 ms | 12 ms | met |");
        assert_eq!(lines[1], "| lag | below 200 ms | 12 ms | **not met** |");
        assert_eq!(lines[2], "| lag | below 200 ms | | not measured |");
    }
}
