//! The built-in texts. A kind without a text in one of the languages does not compile.

mod de;
mod en;

use super::MessageKind;

/// Languages with built-in texts; the first is for everybody else.
pub const BUILT_IN_LOCALES: [&str; 2] = ["en", "de"];

/// The parts of one message. The HTML part is made from the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct BuiltIn {
    pub(super) subject: &'static str,
    pub(super) text: &'static str,
    pub(super) sms: &'static str,
}

/// The built-in texts of a language (`de`, not `de-AT`), in English when there are none.
pub(super) fn built_in(kind: MessageKind, language: &str) -> BuiltIn {
    if language == "de" { de::texts(kind) } else { en::texts(kind) }
}
