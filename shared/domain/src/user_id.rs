//! The panel's own user and account ids, and the one canonical form under which they are compared (C30).

use unicode_normalization::UnicodeNormalization;

/// Longest accepted id in bytes, before and after canonicalisation.
pub const MAX_BYTES: usize = 256;

/// Why a panel's id is not usable. The text of the error tells the developer what to send instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PanelIdError {
    /// Nothing is left once surrounding blanks are taken away.
    #[error("the id is empty; send the panel's own id of the user or account")]
    Empty,
    /// More than [`MAX_BYTES`] bytes.
    #[error("the id is longer than 256 bytes; send a shorter stable id, such as the panel's numeric one")]
    TooLong,
    /// A control character or a line or paragraph separator (C27).
    #[error("the id holds a control character; send printable characters only")]
    ControlCharacter,
}

/// A panel's id in canonical form: NFKC, lower case, no surrounding blanks. Two spellings that differ only in
/// that are one user, so a different spelling of an enrolled user is never "not enrolled".
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PanelId(String);

impl PanelId {
    /// Canonicalises. The result is a fixed point: canonicalising it again changes nothing.
    pub fn parse(raw: &str) -> Result<Self, PanelIdError> {
        if raw.len() > MAX_BYTES {
            return Err(PanelIdError::TooLong);
        }
        if raw.chars().any(is_forbidden) {
            return Err(PanelIdError::ControlCharacter);
        }
        let mut text = fold(raw);
        // NFKC after lower-casing can need a second round (for example U+0130, "I" with a dot); a handful always suffices.
        for _ in 0..4 {
            let next = fold(&text);
            if next == text {
                break;
            }
            text = next;
        }
        if text.is_empty() {
            return Err(PanelIdError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(PanelIdError::TooLong);
        }
        Ok(Self(text))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fold(text: &str) -> String {
    // Plain ASCII is what nearly every request carries.
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    let folded: String = text.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    folded.trim().to_owned()
}

/// Control characters, the Unicode line and paragraph separators, and the invisible direction marks.
pub(crate) fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_user_are_one_id() {
        let plain = PanelId::parse("josé@example.com").expect("valid");
        for other in ["JOSÉ@EXAMPLE.COM", " jose\u{301}@example.com ", "josé＠example.com"] {
            assert_eq!(PanelId::parse(other).expect("valid"), plain, "{other:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for bad in ["a\nb", "a\0", "\u{2028}", "a\u{202E}b"] {
            assert_eq!(PanelId::parse(bad), Err(PanelIdError::ControlCharacter), "{bad:?}");
        }
        assert_eq!(PanelId::parse("   "), Err(PanelIdError::Empty));
        assert_eq!(PanelId::parse(&"x".repeat(257)), Err(PanelIdError::TooLong));
    }

    proptest! {
        #[test]
        fn canonicalisation_is_idempotent(raw in "\\PC{0,40}") {
            if let Ok(once) = PanelId::parse(&raw) {
                prop_assert_eq!(PanelId::parse(once.as_str()), Ok(once));
            }
        }
    }
}
