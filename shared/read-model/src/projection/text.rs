//! Texts from outside.

/// A text as a column holds it: with a replacement for the one character that PostgreSQL cannot store, so that no event
/// stops a projection there, and in either database alike, so that comparisons find what they expect.
pub(crate) fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
