//! What an SMTP failure means for the message (RFC 5321, section 4.2.1; RFC 3463; RFC 4954, section 6).

use std::error::Error as _;

use lettre::transport::smtp::Error;

use crate::transport::outcome::SendError;

/// How far a conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Connecting, greeting, `EHLO`.
    Open,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`: about the sender, before any recipient is named.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, not yet the message.
    Data,
    /// The message itself and the answer to it.
    Message,
}

/// Whether an error is a reply of the server, after which the connection can still be used.
pub(super) fn is_reply(error: &Error) -> bool {
    error.status().is_some_and(|code| u16::from(code) != 421)
}

/// Classifies an error. The server's text is read for its enhanced status code only: it may repeat the address.
pub(super) fn classify(phase: Phase, error: &Error) -> SendError {
    match error.status().map(u16::from) {
        Some(code) => from_code(phase, code).with_code(&shown_code(code, error)),
        // "No compatible mechanism" and the like: the library's own refusal, the server never saw a message.
        None if error.is_client() && phase != Phase::Message => SendError::misconfigured("not_supported_by_server"),
        None if phase == Phase::Message => SendError::unknown("cut_after_data"),
        None if error.is_response() => SendError::temporary("no_usable_reply"),
        None => SendError::temporary("connection_cut"),
    }
}

fn from_code(phase: Phase, code: u16) -> SendError {
    // Authentication required, too weak, failed, or only over TLS: the channel's settings, wherever it is said.
    if matches!(code, 530 | 534 | 535 | 538) {
        return SendError::misconfigured("credentials_refused");
    }
    if code < 500 {
        return SendError::temporary(match phase {
            Phase::Open => "greeting_refused",
            Phase::Auth => "authentication_busy",
            Phase::Sender => "sender_deferred",
            Phase::Recipient => "recipient_deferred",
            Phase::Data | Phase::Message => "message_deferred",
        });
    }
    match phase {
        Phase::Open => SendError::misconfigured("greeting_refused"),
        Phase::Auth => SendError::misconfigured("credentials_refused"),
        Phase::Sender => SendError::misconfigured("sender_refused"),
        Phase::Recipient => SendError::permanent("recipient_refused"),
        Phase::Data | Phase::Message => SendError::permanent("message_refused"),
    }
}

/// `550 5.1.1`, or `550` when the server gives no enhanced code.
fn shown_code(code: u16, error: &Error) -> String {
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let enhanced = text.split_whitespace().next().filter(|word| is_enhanced(word));
    enhanced.map_or_else(|| code.to_string(), |word| format!("{code} {word}"))
}

fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let number = |p: &&str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number) && matches!(parts.first(), Some(&("2" | "4" | "5")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_classified_by_phase() {
        for (phase, code, wanted) in [
            (Phase::Open, 421, "temporary: greeting_refused"),
            (Phase::Open, 554, "misconfigured: greeting_refused"),
            (Phase::Auth, 454, "temporary: authentication_busy"),
            (Phase::Auth, 535, "misconfigured: credentials_refused"),
            (Phase::Sender, 530, "misconfigured: credentials_refused"),
            (Phase::Sender, 553, "misconfigured: sender_refused"),
            (Phase::Recipient, 450, "temporary: recipient_deferred"),
            (Phase::Recipient, 550, "permanent: recipient_refused"),
            (Phase::Data, 452, "temporary: message_deferred"),
            (Phase::Message, 451, "temporary: message_deferred"),
            (Phase::Message, 554, "permanent: message_refused"),
        ] {
            assert_eq!(from_code(phase, code).to_string(), wanted, "{phase:?} {code}");
        }
    }

    #[test]
    fn only_a_status_code_counts_as_one() {
        assert!(is_enhanced("5.1.1") && is_enhanced("4.7.999"));
        for word in ["1.2.3", "5.1", "5.1.1.1", "ada@example.org", "5.x.1", "5.1.1234", ""] {
            assert!(!is_enhanced(word), "{word}");
        }
    }
}
