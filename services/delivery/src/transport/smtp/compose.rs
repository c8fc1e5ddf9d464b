//! A message to the bytes that follow `DATA`.
//!
//! RUSTSEC-2026-0561 (SMTP smuggling) is open in the mail library: it stuffs dots after CRLF only, so a bare LF in a
//! body could end the message for a lenient server. Here every body is quoted-printable with CRLF line ends, every
//! header value is one line before it is encoded, and the finished bytes are checked once more (C27).

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox as HeaderMailbox, Message, MultiPart, SinglePart};
use twofold_domain::time::Timestamp;

use crate::transport::line::{is_one_line, normalise_address};
use crate::transport::message::{Mailbox, OutgoingMail};
use crate::transport::outcome::SendError;

/// Longest text or HTML part, in bytes before encoding (C26).
const PART_MAX: usize = 64 * 1024;
/// Longest line on the wire without its CRLF, in bytes (RFC 5321, section 4.5.3.1.6).
const WIRE_LINE_MAX: usize = 998;

/// A message ready to be handed over: exactly one recipient.
pub(crate) struct Composed {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) bytes: Vec<u8>,
}

/// Builds the message.
///
/// # Errors
/// `Misconfigured` for what the tenant set (sender, reply address), `Permanent` for the rest. Nothing is repaired
/// silently: a line break in a header value is an error.
pub(crate) fn compose(mail: &OutgoingMail) -> Result<Composed, SendError> {
    let from = mailbox(&mail.from).ok_or_else(|| SendError::misconfigured("sender_invalid"))?;
    let to = address(&mail.to).ok_or_else(|| SendError::permanent("address_invalid"))?;
    if mail.subject.is_empty() || !is_one_line(&mail.subject) {
        return Err(SendError::permanent("subject_invalid"));
    }
    if !is_message_id(&mail.message_id) {
        return Err(SendError::permanent("message_id_invalid"));
    }
    let mut builder = Message::builder()
        .from(from.clone())
        .to(HeaderMailbox::new(None, to.clone()))
        .subject(mail.subject.as_str())
        .message_id(Some(format!("<{}>", mail.message_id)))
        .date(system_time(mail.sent_at))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox(reply_to).ok_or_else(|| SendError::misconfigured("reply_to_invalid"))?);
    }
    if let Some(expires_at) = mail.expires_at {
        builder = builder.raw_header(header("Expires", &rfc5322_date(expires_at)));
    }
    let text = part(&mail.text, ContentType::TEXT_PLAIN)?;
    let message = match &mail.html {
        Some(html) => {
            builder.multipart(MultiPart::alternative().singlepart(text).singlepart(part(html, ContentType::TEXT_HTML)?))
        }
        None => builder.singlepart(text),
    };
    let bytes = message.map_err(|_| SendError::permanent("message_unbuildable"))?.formatted();
    if !is_wire_clean(&bytes) {
        return Err(SendError::permanent("message_unsafe"));
    }
    Ok(Composed { from: from.email, to, bytes })
}

fn address(text: &str) -> Option<Address> {
    normalise_address(text)?.parse().ok()
}

fn mailbox(mailbox: &Mailbox) -> Option<HeaderMailbox> {
    let name_fits = mailbox.name.as_deref().is_none_or(is_one_line);
    let email = address(&mailbox.address)?;
    name_fits.then(|| HeaderMailbox::new(mailbox.name.clone().filter(|n| !n.is_empty()), email))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// `local@domain` out of letters, digits, `.`, `-`, `_`, `+`.
fn is_message_id(id: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    id.len() <= 200 && id.split_once('@').is_some_and(|(local, domain)| good(local) && good(domain))
}

/// One body part: line ends made CRLF, NUL and Unicode line separators refused, always quoted-printable.
fn part(text: &str, kind: ContentType) -> Result<SinglePart, SendError> {
    let odd = |c: char| c == '\0' || matches!(c, '\u{2028}' | '\u{2029}');
    if text.len() > PART_MAX || text.chars().any(odd) {
        return Err(SendError::permanent("body_invalid"));
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let body = Body::new_with_encoding(lines, ContentTransferEncoding::QuotedPrintable)
        .map_err(|_| SendError::permanent("body_invalid"))?;
    Ok(SinglePart::builder().content_type(kind).body(body))
}

/// ASCII, no NUL, CR and LF only together, no line over the limit.
fn is_wire_clean(bytes: &[u8]) -> bool {
    let mut line_len = 0;
    let mut previous = 0;
    for &byte in bytes {
        let paired = (byte == b'\n') == (previous == b'\r');
        if !byte.is_ascii() || byte == 0 || !paired {
            return false;
        }
        line_len = if byte == b'\n' { 0 } else { line_len + 1 };
        if line_len > WIRE_LINE_MAX + 1 {
            return false;
        }
        previous = byte;
    }
    previous != b'\r'
}

/// Clamped to what a date header can say: the years 1970 to 9999.
fn system_time(at: Timestamp) -> SystemTime {
    let secs = at.as_secs().min(253_402_300_799);
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
}

fn rfc5322_date(at: Timestamp) -> String {
    use lettre::message::header::{Date, Headers};
    let mut headers = Headers::new();
    headers.set(Date::new(system_time(at)));
    headers.get_raw("Date").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> OutgoingMail {
        OutgoingMail {
            from: Mailbox { name: Some("Häst \"Key\", Inc.".to_owned()), address: "codes@example.org".to_owned() },
            reply_to: None,
            to: "ada@example.net".to_owned(),
            subject: "Your code ✓".to_owned(),
            text: "123456\n.\nbye".to_owned(),
            html: Some("<p>123456</p>".to_owned()),
            message_id: "m-1@twofold.example".to_owned(),
            sent_at: Timestamp(1_795_290_000_123),
            expires_at: Some(Timestamp(1_795_290_300_123)),
        }
    }

    fn reason(change: impl FnOnce(&mut OutgoingMail)) -> &'static str {
        let mut changed = mail();
        change(&mut changed);
        compose(&changed).map_or_else(|e| e.reason(), |_| "composed")
    }

    #[test]
    fn headers_are_complete_and_dates_come_from_the_message() {
        let bytes = compose(&mail()).expect("composes").bytes;
        let text = String::from_utf8(bytes).expect("ASCII");
        for line in [
            "Message-ID: <m-1@twofold.example>\r\n",
            "Date: Sat, 21 Nov 2026 19:40:00 +0000\r\n",
            "Expires: Sat, 21 Nov 2026 19:45:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "To: ada@example.net\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Transfer-Encoding: quoted-printable\r\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("8bit") && !text.contains("7bit"));
    }

    #[test]
    fn every_line_break_in_a_header_value_is_refused() {
        for odd in ["\r", "\n", "\r\nBcc: b@example.org", "\0", "\u{2028}", "\u{2029}", "\u{85}", "\u{b}"] {
            assert_eq!(reason(|m| m.subject = format!("a{odd}b")), "subject_invalid");
            assert_eq!(reason(|m| m.to = format!("ada@example.net{odd}")), "address_invalid");
            assert_eq!(reason(|m| m.to = format!("a{odd}da@example.net")), "address_invalid");
            assert_eq!(reason(|m| m.from.name = Some(format!("a{odd}b"))), "sender_invalid");
            assert_eq!(reason(|m| m.from.address = format!("a{odd}@example.org")), "sender_invalid");
            assert_eq!(reason(|m| m.message_id = format!("a{odd}@b")), "message_id_invalid");
            let name = Some(format!("a{odd}"));
            let reply_to = Some(Mailbox { name, address: "a@example.org".to_owned() });
            assert_eq!(reason(|m| m.reply_to = reply_to), "reply_to_invalid");
        }
        assert_eq!(reason(|m| m.to = "ada@example.net, eve@example.net".to_owned()), "address_invalid");
        assert_eq!(reason(|m| m.text = "a\0b".to_owned()), "body_invalid");
        assert_eq!(reason(|m| m.html = Some("a\u{2028}b".to_owned())), "body_invalid");
        assert_eq!(reason(|m| m.text = "a".repeat(PART_MAX + 1)), "body_invalid");
        assert_eq!(reason(|_| ()), "composed");
    }

    #[test]
    fn bodies_of_any_shape_leave_clean() {
        let long = "x".repeat(5000);
        let shapes = [
            "\n.\nMAIL FROM:<x@example.org>",
            "\r.\r",
            "\r\n.\r\n",
            ".",
            "",
            "\n",
            "ü\r\n\n\r",
            " \t\n \r\n",
            "=0A=0D",
            &long,
        ];
        for shape in shapes {
            for with_html in [true, false] {
                let mut changed = mail();
                changed.text = shape.to_owned();
                changed.html = with_html.then(|| shape.to_owned());
                let composed = compose(&changed).expect("composes");
                assert!(is_wire_clean(&composed.bytes), "{shape:?}");
                let text = String::from_utf8(composed.bytes).expect("ASCII");
                assert!(text.split("\r\n").all(|line| line.len() <= 78 || line.starts_with("Content-Type")), "{text}");
            }
        }
    }

    #[test]
    fn the_last_check_sees_what_lenient_servers_see() {
        for bad in ["a\nb", "a\rb", "\r", "\n", "a\r", "a\0", "ü", "\r\r\n"] {
            assert!(!is_wire_clean(bad.as_bytes()), "{bad:?}");
        }
        assert!(is_wire_clean(b"a\r\n\r\nb\r\n"));
        assert!(is_wire_clean(&[b'x'; 998]) && !is_wire_clean(&[b'x'; 1000]));
    }
}
