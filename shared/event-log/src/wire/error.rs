//! Why a payload could not be read.

/// Longest internal text kept of a parser's message, in bytes: enough for a field's name, not for a field's value.
const MAX_CAUSE_BYTES: usize = 160;

/// Why a payload could not be read. Neither is ever skipped: the command side refuses, a projector stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// No writer of ours stored it. Internal text: for logs, never for an answer to a caller outside.
    #[error("malformed commit: {0}")]
    Malformed(String),
    /// Written by a newer version, or by something else.
    #[error("unknown event {kind} version {version}")]
    UnknownEvent {
        /// The type.
        kind: String,
        /// Its version.
        version: u32,
    },
}

impl WireError {
    pub(super) fn malformed(what: &str, cause: &serde_json::Error) -> Self {
        let mut text = format!("{what}: {cause}");
        if text.len() > MAX_CAUSE_BYTES {
            let end = (0..=MAX_CAUSE_BYTES).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
            text.truncate(end);
        }
        Self::Malformed(text)
    }

    pub(super) fn unknown(kind: &str, version: u32) -> Self {
        Self::UnknownEvent { kind: kind.to_owned(), version }
    }
}
