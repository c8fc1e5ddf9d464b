//! What an SMTP failure means for the message, and whose it is.
//!
//! Permanent or not: the first digit of the reply (RFC 5321, section 4.2.1). Whose it is: the enhanced code, when the
//! server gives one (RFC 3463, sections 3.2 to 3.8, with the registry of RFC 5248), because a relay also answers `RCPT`
//! with what it thinks of us; otherwise the step of the conversation and the basic code (RFC 5321, section 4.2.3;
//! RFC 7504 for 521 and 556). Authentication: RFC 4954, section 6.
//!
//! | enhanced code | about |
//! |---|---|
//! | x.1.7, x.1.8, and 5.7.8, 5.7.9, 5.7.11, 5.7.13, 5.7.14 | the channel's settings: sender address or login |
//! | other x.1, x.2 (mailbox), 5.7.17, 5.7.18 (RFC 7293) | the recipient |
//! | x.3 to x.7: system, network, protocol, content, policy | this provider, its reputation or its way there |

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
        Some(code) => {
            let enhanced = enhanced(error);
            let shown = enhanced.as_ref().map_or_else(|| code.to_string(), |(_, word)| format!("{code} {word}"));
            from_code(phase, code, enhanced.map(|(parts, _)| parts)).with_code(&shown)
        }
        // "No compatible mechanism" and the like: the library's own refusal, the server never saw a message.
        None if error.is_client() && phase != Phase::Message => SendError::misconfigured("not_supported_by_server"),
        None if phase == Phase::Message => SendError::unknown("cut_after_data"),
        None if error.is_response() => SendError::temporary("no_usable_reply"),
        None => SendError::temporary("connection_cut"),
    }
}

/// Subject and detail of an enhanced code: its second and third number.
type Enhanced = (u16, u16);

fn from_code(phase: Phase, code: u16, enhanced: Option<Enhanced>) -> SendError {
    // Authentication required, too weak, failed, or only over TLS: the channel's settings, wherever it is said.
    if matches!(code, 530 | 534 | 535 | 538) {
        return SendError::misconfigured("credentials_refused");
    }
    if code < 500 {
        return deferred(phase, code, enhanced);
    }
    match (phase, enhanced) {
        (Phase::Open, _) => SendError::misconfigured("greeting_refused"),
        (Phase::Auth, _) | (_, Some((7, 8 | 9 | 11 | 13 | 14))) => SendError::misconfigured("credentials_refused"),
        (Phase::Sender, _) | (_, Some((1, 7 | 8))) => SendError::misconfigured("sender_refused"),
        (_, Some((1 | 2, _) | (7, 17 | 18))) => SendError::recipient_refused("recipient_refused"),
        (Phase::Recipient, Some((1..=7, _))) => SendError::not_by_this_provider("relay_refused"),
        // No mailbox, elsewhere, full, not a mailbox's name, or a domain that takes no mail.
        (Phase::Recipient, _) if matches!(code, 550..=553 | 556) => SendError::recipient_refused("recipient_refused"),
        (Phase::Recipient, _) => SendError::not_by_this_provider("relay_refused"),
        (Phase::Data | Phase::Message, _) => SendError::not_by_this_provider("message_refused"),
    }
}

fn deferred(phase: Phase, code: u16, enhanced: Option<Enhanced>) -> SendError {
    let recipients = match (phase, enhanced) {
        (Phase::Recipient | Phase::Data | Phase::Message, Some((1 | 2, _))) => true,
        // Greylisting: 4.7.x, or no enhanced code. The rest is the server's own trouble.
        (Phase::Recipient, Some((7, _)) | None) => code != 421,
        (_, _) => false,
    };
    let reason = match phase {
        Phase::Open => "greeting_refused",
        Phase::Auth => "authentication_busy",
        Phase::Sender => "sender_deferred",
        Phase::Recipient => "recipient_deferred",
        Phase::Data | Phase::Message => "message_deferred",
    };
    if recipients { SendError::recipient_deferred(reason) } else { SendError::temporary(reason) }
}

/// The enhanced code at the start of the server's text, and how it is written.
fn enhanced(error: &Error) -> Option<(Enhanced, String)> {
    let text = error.source().map(ToString::to_string)?;
    let word = text.split_whitespace().next()?;
    Some((parts(word)?, word.to_owned()))
}

fn parts(word: &str) -> Option<Enhanced> {
    let parts: Vec<&str> = word.split('.').collect();
    let number = |p: &str| {
        let fits = (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
        if fits { p.parse().ok() } else { None }
    };
    match parts.as_slice() {
        ["2" | "4" | "5", subject, detail] => Some((number(subject)?, number(detail)?)),
        _ => None,
    }
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
            assert_eq!(from_code(phase, code, None).to_string(), wanted, "{phase:?} {code}");
        }
    }

    #[test]
    fn the_enhanced_code_says_whose_refusal_it_is() {
        const RCPT: Phase = Phase::Recipient;
        for (phase, code, word, wanted, elsewhere) in [
            (RCPT, 550, "5.1.1", "permanent: recipient_refused", false),
            (RCPT, 556, "5.1.10", "permanent: recipient_refused", false),
            (RCPT, 552, "5.2.2", "permanent: recipient_refused", false),
            (Phase::Message, 550, "5.1.1", "permanent: recipient_refused", false),
            (RCPT, 550, "5.7.1", "permanent: relay_refused", true),
            (RCPT, 554, "5.7.1", "permanent: relay_refused", true),
            (RCPT, 550, "5.7.17", "permanent: recipient_refused", false),
            (RCPT, 550, "5.4.4", "permanent: relay_refused", true),
            (RCPT, 553, "5.1.8", "misconfigured: sender_refused", true),
            (RCPT, 550, "5.7.8", "misconfigured: credentials_refused", true),
            (RCPT, 521, "", "permanent: relay_refused", true),
            (RCPT, 554, "", "permanent: relay_refused", true),
            (RCPT, 551, "", "permanent: recipient_refused", false),
            (Phase::Message, 550, "5.7.26", "permanent: message_refused", true),
            (Phase::Message, 554, "5.6.0", "permanent: message_refused", true),
        ] {
            let error = from_code(phase, code, parts(word));
            assert_eq!((error.to_string().as_str(), error.may_go_elsewhere()), (wanted, elsewhere), "{code} {word}");
        }
    }

    #[test]
    fn a_busy_mailbox_is_no_sick_server() {
        for (phase, code, word, well) in [
            (Phase::Recipient, 450, "4.2.1", true),
            (Phase::Recipient, 451, "4.7.1", true),
            (Phase::Recipient, 450, "", true),
            (Phase::Recipient, 421, "", false),
            (Phase::Recipient, 451, "4.3.0", false),
            (Phase::Sender, 451, "4.3.2", false),
            (Phase::Message, 452, "4.2.2", true),
            (Phase::Message, 451, "4.3.0", false),
            (Phase::Message, 451, "", false),
        ] {
            let error = from_code(phase, code, parts(word));
            assert_eq!(error.provider_is_well(), Some(well), "{phase:?} {code} {word}");
        }
    }

    #[test]
    fn only_a_status_code_counts_as_one() {
        assert_eq!((parts("5.1.1"), parts("4.7.999")), (Some((1, 1)), Some((7, 999))));
        for word in ["1.2.3", "5.1", "5.1.1.1", "ada@example.org", "5.x.1", "5.1.1234", ""] {
            assert!(parts(word).is_none(), "{word}");
        }
    }
}
