//! The built-in texts. A kind without a text in one of the languages does not compile.

mod de;
mod en;

use std::sync::LazyLock;

use super::MessageKind;
use super::sandbox::{Compiled, Escape};

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

/// All of them, compiled.
pub(super) static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let texts = MessageKind::ALL.into_iter().flat_map(|kind| BUILT_IN_LOCALES.map(|language| built_in(kind, language)));
    Compiled::new(Escape::None, texts.flat_map(|texts| [texts.subject, texts.text, texts.sms]))
});
