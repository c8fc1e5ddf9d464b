//! Everything the program says to people. Results go to standard output, errors and progress to standard error.
//!
//! A reader that goes away (`twofold audit | head`) is no error: what it does not want is not written.

use std::io::{IsTerminal as _, Write as _};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Writes a line of the result.
pub fn line(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_ref().as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

/// Writes a line for whoever looks at errors.
pub fn error(text: impl AsRef<str>) {
    let _gone = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// An empty table with these headings. As wide as the terminal, or as its content when there is none.
pub fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings.iter().copied());
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// Writes a table, or a sentence in place of an empty one.
pub fn show(table: &Table, if_empty: &str) {
    if table.row_count() == 0 {
        line(if_empty);
    } else {
        // The table pads its last column.
        table.to_string().lines().for_each(|row| line(row.trim_end()));
    }
}

/// JSON for programs: indented, one document.
pub fn json(value: &serde_json::Value) {
    line(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A bar on standard error while something long runs; nothing when nobody watches.
pub fn progress(what: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg:24} [{bar:40}] {pos}/{len} {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what);
    bar
}

/// A screen that is drawn again and again; the terminal gets its old one back in the end.
#[derive(Debug)]
pub struct Screen(());

impl Screen {
    /// Switches to a screen of its own, without a cursor, and where a line that is too long ends at the edge.
    pub fn open() -> Self {
        write("\x1b[?1049h\x1b[?25l\x1b[?7l");
        Self(())
    }

    /// Draws over what was there, line by line, so that nothing flickers; no more lines than there is room for.
    pub fn show(lines: &[String]) {
        let rows = crossterm::terminal::size().map_or(usize::MAX, |(_, rows)| rows.into());
        let drawn: Vec<String> = fitting(lines, rows).iter().map(|line| format!("{line}\x1b[K")).collect();
        // Without an end of line behind the last one, which would push the first one out.
        write(&format!("\x1b[H{}\x1b[J", drawn.join("\r\n")));
    }
}

/// The first lines, as many as there are rows; the last row counts those that are left out.
fn fitting(lines: &[String], rows: usize) -> Vec<String> {
    if lines.len() <= rows {
        return lines.to_vec();
    }
    let kept = lines.get(..rows.saturating_sub(1)).unwrap_or_default();
    let more = format!("… and {} lines more; make the window taller or --rows smaller", lines.len() - kept.len());
    kept.iter().cloned().chain([more]).collect()
}

impl Drop for Screen {
    fn drop(&mut self) {
        write("\x1b[?7h\x1b[?25h\x1b[?1049l");
    }
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_on_the_screen_is_counted_in_its_last_row() {
        let lines: Vec<String> = (1..=5).map(|n| n.to_string()).collect();
        assert_eq!(fitting(&lines, 5), lines);
        let cut = fitting(&lines, 3);
        assert_eq!((cut.len(), &cut[..2]), (3, &lines[..2]));
        assert!(cut[2].contains("3 lines more"), "{cut:?}");
        assert_eq!(fitting(&lines, 0).len(), 1);
    }
}
