//! The table of a run.

#![allow(clippy::print_stdout, reason = "the report is what the program is run for")]

use comfy_table::{Table, presets};
use serde_json::json;

/// One line: a number, and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What is counted or measured, with its unit.
    pub name: String,
    /// The number.
    pub value: f64,
    /// The least and the most it may be, where there is such a promise.
    pub bounds: (Option<f64>, Option<f64>),
}

impl Line {
    /// A number for people.
    pub fn told(name: &str, value: f64) -> Self {
        Self { name: name.to_owned(), value, bounds: (None, None) }
    }

    /// A count for people.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn count(name: &str, count: u64) -> Self {
        Self::told(name, count as f64)
    }

    /// A count that must be 0.
    pub fn none(name: &str, count: u64) -> Self {
        Self::at_most(name, count, 0)
    }

    /// A count with a limit.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub fn at_most(name: &str, count: u64, most: u64) -> Self {
        Self { bounds: (None, Some(most as f64)), ..Self::count(name, count) }
    }

    /// A measured number with a limit.
    pub fn below(name: &str, value: f64, most: f64) -> Self {
        Self { bounds: (None, Some(most)), ..Self::told(name, value) }
    }

    /// A measured number that must be reached.
    pub fn above(name: &str, value: f64, least: f64) -> Self {
        Self { bounds: (Some(least), None), ..Self::told(name, value) }
    }

    /// Whether the number is what it may be.
    pub fn holds(&self) -> bool {
        self.bounds.0.is_none_or(|least| self.value >= least) && self.bounds.1.is_none_or(|most| self.value <= most)
    }

    fn verdict(&self) -> &'static str {
        match (self.bounds, self.holds()) {
            ((None, None), _) => "",
            (_, true) => "ok",
            (_, false) => "BROKEN",
        }
    }

    fn bound(&self) -> String {
        match self.bounds {
            (Some(least), _) => format!(">= {}", number(least)),
            (None, Some(most)) => format!("<= {}", number(most)),
            (None, None) => String::new(),
        }
    }
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    sections: Vec<(String, Vec<Line>)>,
}

impl Report {
    /// Adds a part.
    pub fn add(&mut self, title: &str, lines: Vec<Line>) {
        self.sections.push((title.to_owned(), lines));
    }

    /// Whether every promise was kept.
    pub fn holds(&self) -> bool {
        self.lines().all(Line::holds)
    }

    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.sections.iter().flat_map(|(_, lines)| lines)
    }

    /// Prints everything.
    pub fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.json());
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        for (title, lines) in &self.sections {
            table.add_row([title.to_uppercase(), String::new(), String::new(), String::new()]);
            for line in lines {
                table.add_row([line.name.clone(), number(line.value), line.bound(), line.verdict().to_owned()]);
            }
        }
        println!("{table}\n{}", if self.holds() { "every promise was kept" } else { "BROKEN" });
    }

    fn json(&self) -> serde_json::Value {
        let line = |line: &Line| {
            let (least, most) = line.bounds;
            json!({ "name": line.name.trim(), "value": line.value, "least": least, "most": most, "holds": line.holds() })
        };
        let sections = self
            .sections
            .iter()
            .map(|(title, lines)| json!({ "title": title, "lines": lines.iter().map(line).collect::<Vec<_>>() }));
        json!({ "holds": self.holds(), "sections": sections.collect::<Vec<_>>() })
    }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_holds_as_long_as_no_line_is_out_of_its_bounds() {
        let mut report = Report::default();
        let lines = [
            Line::count("free", 7),
            Line::none("none", 0),
            Line::below("p99", 2.0, 2.0),
            Line::above("rate", 5.0, 5.0),
        ];
        report.add("one", lines.into());
        assert!(report.holds());
        for broken in [Line::none("none", 1), Line::below("p99", 2.1, 2.0), Line::above("rate", f64::NAN, 5.0)] {
            let mut report = Report::default();
            report.add("two", vec![broken.clone()]);
            assert!(!report.holds(), "{broken:?}");
            assert_eq!(report.json()["sections"][0]["lines"][0]["holds"], false);
        }
    }
}
