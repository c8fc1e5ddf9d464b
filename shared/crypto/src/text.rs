//! What people put around a code when they paste it.

/// Longest code accepted from outside, in bytes, before anything is stripped.
pub(crate) const MAX_INPUT_BYTES: usize = 64;

/// The characters of a pasted code: surrounding blanks and line ends are gone, and so are blanks and hyphens within.
/// A line break within the code stays, and is refused by whoever reads the characters.
pub(crate) fn pasted(text: &str) -> impl Iterator<Item = char> {
    text.trim().chars().filter(|c| !is_separator(*c))
}

fn is_separator(c: char) -> bool {
    // U+2028 and U+2029 are blanks to Unicode, but they break lines.
    let breaks_line = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    matches!(c, '-' | '\t' | '\u{2010}'..='\u{2013}') || (c.is_whitespace() && !breaks_line)
}
