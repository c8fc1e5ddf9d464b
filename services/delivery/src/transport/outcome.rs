//! How an attempt ended.
//!
//! Reasons are words fixed at compile time and provider codes are filtered to a few harmless characters, so an outcome
//! can be logged, stored and shown to support as it is (C29).

use std::fmt;
use std::time::Duration;

/// Longest provider code kept, in characters.
const PROVIDER_CODE_MAX: usize = 32;
/// Longest provider message id kept, in characters.
const PROVIDER_ID_MAX: usize = 128;

/// The provider took the message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's own name for the message.
    pub provider_id: Option<String>,
}

impl Accepted {
    /// Accepted, with the provider's id as far as it is made of letters, digits, `-`, `_`, `.`, at most 128 of them.
    pub(crate) fn with_id(id: Option<&str>) -> Self {
        let plain = |id: &&str| {
            !id.is_empty()
                && id.len() <= PROVIDER_ID_MAX
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        Self { provider_id: id.filter(plain).map(str::to_owned) }
    }
}

/// The message was not accepted, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Not handed over; the same message may succeed later.
    #[error("temporary: {reason}{}", Code(provider_code))]
    Temporary {
        /// A fixed word.
        reason: &'static str,
        /// The provider's code, such as `451 4.3.0` or `20429`.
        provider_code: Option<String>,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Not handed over, and this message to this recipient never will be.
    #[error("permanent: {reason}{}", Code(provider_code))]
    Permanent {
        /// A fixed word.
        reason: &'static str,
        /// The provider's code.
        provider_code: Option<String>,
    },
    /// The connection ended after the message was sent and before the answer came: it may have been handed over.
    #[error("unknown: {reason}{}", Code(provider_code))]
    Unknown {
        /// A fixed word.
        reason: &'static str,
        /// The provider's code.
        provider_code: Option<String>,
    },
    /// Not handed over; no message will be until somebody changes the channel's settings.
    #[error("misconfigured: {reason}{}", Code(provider_code))]
    Misconfigured {
        /// A fixed word.
        reason: &'static str,
        /// The provider's code.
        provider_code: Option<String>,
    },
}

struct Code<'a>(&'a Option<String>);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl SendError {
    pub(crate) fn temporary(reason: &'static str) -> Self {
        Self::Temporary { reason, provider_code: None, retry_after: None }
    }

    pub(crate) fn permanent(reason: &'static str) -> Self {
        Self::Permanent { reason, provider_code: None }
    }

    pub(crate) fn unknown(reason: &'static str) -> Self {
        Self::Unknown { reason, provider_code: None }
    }

    pub(crate) fn misconfigured(reason: &'static str) -> Self {
        Self::Misconfigured { reason, provider_code: None }
    }

    /// The same error with the provider's code, filtered.
    pub(crate) fn with_code(mut self, code: &str) -> Self {
        let kept: String = code
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' '))
            .take(PROVIDER_CODE_MAX)
            .collect();
        match &mut self {
            Self::Temporary { provider_code, .. }
            | Self::Permanent { provider_code, .. }
            | Self::Unknown { provider_code, .. }
            | Self::Misconfigured { provider_code, .. } => *provider_code = Some(kept),
        }
        self
    }

    /// The fixed word.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Temporary { reason, .. }
            | Self::Permanent { reason, .. }
            | Self::Unknown { reason, .. }
            | Self::Misconfigured { reason, .. } => reason,
        }
    }

    /// The provider's code, if it gave one.
    pub fn provider_code(&self) -> Option<&str> {
        match self {
            Self::Temporary { provider_code, .. }
            | Self::Permanent { provider_code, .. }
            | Self::Unknown { provider_code, .. }
            | Self::Misconfigured { provider_code, .. } => provider_code.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_code_cannot_carry_text() {
        let error =
            SendError::permanent("recipient_refused").with_code("550 <a@b.example>\r\nX: y, and much more of it all");
        assert_eq!(error.provider_code(), Some("550 ab.exampleX y and much more "));
        assert_eq!(SendError::temporary("busy").to_string(), "temporary: busy");
        assert_eq!(SendError::temporary("busy").with_code("451").to_string(), "temporary: busy (451)");
    }

    #[test]
    fn a_provider_id_is_a_plain_token_or_nothing() {
        assert_eq!(Accepted::with_id(Some("SM0a")).provider_id.as_deref(), Some("SM0a"));
        for odd in ["", "a b", "a\r\nb", "<a@b>", &"x".repeat(129)] {
            assert_eq!(Accepted::with_id(Some(odd)).provider_id, None);
        }
    }
}
