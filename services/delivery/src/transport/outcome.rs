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

/// The recipient said STOP.
pub(crate) const OPTED_OUT: &str = "opted_out";

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

/// What a refusal is about, and so whether another provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The recipient: another provider would be told the same, or must not be asked.
    Recipient,
    /// The message, found wrong before anybody was asked.
    Message,
    /// The provider, its account or its way to the recipient: another one may take the message.
    Provider,
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
        /// Whose difficulty it is.
        about: About,
    },
    /// Not handed over, and this message to this recipient never will be; by this provider at least.
    #[error("permanent: {reason}{}", Code(provider_code))]
    Permanent {
        /// A fixed word.
        reason: &'static str,
        /// The provider's code.
        provider_code: Option<String>,
        /// What was refused.
        about: About,
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
        Self::Temporary { reason, provider_code: None, retry_after: None, about: About::Provider }
    }

    /// Temporary, because of the recipient's mailbox, number or server: the provider is well.
    pub(crate) fn recipient_deferred(reason: &'static str) -> Self {
        Self::Temporary { reason, provider_code: None, retry_after: None, about: About::Recipient }
    }

    /// The message is wrong, whoever were to send it.
    pub(crate) fn permanent(reason: &'static str) -> Self {
        Self::Permanent { reason, provider_code: None, about: About::Message }
    }

    /// The recipient does not exist, takes no messages, or does not want any.
    pub(crate) fn recipient_refused(reason: &'static str) -> Self {
        Self::Permanent { reason, provider_code: None, about: About::Recipient }
    }

    /// This provider will not take it.
    pub(crate) fn not_by_this_provider(reason: &'static str) -> Self {
        Self::Permanent { reason, provider_code: None, about: About::Provider }
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

    /// Whether nothing was handed over for certain, and another provider may be asked.
    pub fn may_go_elsewhere(&self) -> bool {
        match self {
            Self::Temporary { .. } | Self::Misconfigured { .. } => true,
            Self::Permanent { about, .. } => *about == About::Provider,
            Self::Unknown { .. } => false,
        }
    }

    /// Whether the recipient told the provider to send nothing more.
    pub fn is_opt_out(&self) -> bool {
        self.reason() == OPTED_OUT
    }

    /// Whether the provider is well, as far as this shows it. Refused credentials are answered at once and say who has
    /// to act; holding messages back would only hide them.
    pub fn provider_is_well(&self) -> Option<bool> {
        match self {
            Self::Temporary { about: About::Provider, .. } | Self::Unknown { .. } => Some(false),
            Self::Temporary { .. } => Some(true),
            Self::Permanent { about, .. } => (*about != About::Message).then_some(true),
            Self::Misconfigured { .. } => None,
        }
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
    fn only_what_was_certainly_not_handed_over_may_go_elsewhere() {
        for (error, elsewhere, well) in [
            (SendError::temporary("busy"), true, Some(false)),
            (SendError::recipient_deferred("recipient_deferred"), true, Some(true)),
            (SendError::misconfigured("credentials_refused"), true, None),
            (SendError::not_by_this_provider("no_route"), true, Some(true)),
            (SendError::recipient_refused(OPTED_OUT), false, Some(true)),
            (SendError::permanent("number_invalid"), false, None),
            (SendError::unknown("cut_after_data"), false, Some(false)),
        ] {
            assert_eq!((error.may_go_elsewhere(), error.provider_is_well()), (elsewhere, well), "{error}");
        }
    }

    #[test]
    fn a_provider_id_is_a_plain_token_or_nothing() {
        assert_eq!(Accepted::with_id(Some("SM0a")).provider_id.as_deref(), Some("SM0a"));
        for odd in ["", "a b", "a\r\nb", "<a@b>", &"x".repeat(129)] {
            assert_eq!(Accepted::with_id(Some(odd)).provider_id, None);
        }
    }
}
