//! What a process says of itself at /metrics.

use std::collections::BTreeMap;

/// Longest answer read, in bytes: some 50,000 samples.
pub const BODY_MAX: usize = 8 * 1024 * 1024;

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Sample {
    /// A label; empty when it is not there.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Reads the text format. Lines that are not understood are left out: a newer process may write more than this one knows.
pub fn read(text: &str) -> Vec<Sample> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at_checked(end)?;
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_ascii_whitespace().next()?.parse().ok()?;
    Some(Sample { name: name.to_owned(), labels, value })
}

/// `a="b",c="d"} rest`
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut all = BTreeMap::new();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((all, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        all.insert(name.to_owned(), value);
        rest = after.strip_prefix(',').unwrap_or(after);
    }
}

/// Up to the closing quote; what could move the cursor of a terminal is left out.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                'n' => value.push(' '),
                other => value.push(other),
            },
            other if other.is_control() => {}
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_their_labels_and_odd_lines_left_out() {
        let text = "# HELP x what\n# TYPE x gauge\nx 3\nx{} 4\nx{a=\"b\",c=\"d \\\"e\\\" \\\\ \\n\u{1b}f\"} 0.5 1700000000\nbad\nbad{a=\"b 1\nx NaN\n# EOF\n";
        let samples = read(text);
        let values: Vec<f64> = samples.iter().map(|sample| sample.value).filter(|value| !value.is_nan()).collect();
        assert_eq!((samples.len(), values), (4, vec![3.0, 4.0, 0.5]));
        assert_eq!((samples[2].label("a"), samples[2].label("c"), samples[2].label("z")), ("b", "d \"e\" \\  f", ""));
    }
}
