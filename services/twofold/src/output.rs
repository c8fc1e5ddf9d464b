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
    /// Switches to a screen of its own, without a cursor.
    pub fn open() -> Self {
        write("\x1b[?1049h\x1b[?25l");
        Self(())
    }

    /// Draws over what was there, line by line, so that nothing flickers.
    pub fn show(lines: &[String]) {
        let mut text = String::from("\x1b[H");
        for line in lines {
            text.push_str(line);
            text.push_str("\x1b[K\r\n");
        }
        text.push_str("\x1b[J");
        write(&text);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        write("\x1b[?25h\x1b[?1049l");
    }
}

fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
