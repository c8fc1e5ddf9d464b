//! Bounces (RFC 3464) and complaints (RFC 5965): `multipart/report`, with our own headers quoted in its last part.

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use twofold_domain::MessageId;
use twofold_engine::{MailNews, MailReport};

/// Most parts of a report that are looked at; there are three (C26).
const PARTS_MAX: usize = 32;

/// Reads a report as the mail system sent it. None for a mail that is neither a delivery status notification nor an abuse
/// report: an answer of a person, a newsletter.
pub fn read(raw: &[u8]) -> Option<MailReport> {
    let mail = MessageParser::default().parse(raw)?;
    let news = parts(&mail).find_map(|part| match kind(part).as_str() {
        "message/delivery-status" | "message/global-delivery-status" => Some(delivery_status(&text(part))),
        "message/feedback-report" => Some(feedback(&text(part))),
        _ => None,
    })?;
    Some(MailReport { message: parts(&mail).find_map(quoted), news })
}

fn parts<'a, 'x>(mail: &'a Message<'x>) -> impl Iterator<Item = &'a MessagePart<'x>> {
    mail.parts.iter().take(PARTS_MAX)
}

fn kind(part: &MessagePart<'_>) -> String {
    let Some(kind) = part.content_type() else { return String::new() };
    format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase()
}

fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).into_owned()
}

/// Our id of the mail that a part quotes, whole or only its headers.
fn quoted(part: &MessagePart<'_>) -> Option<MessageId> {
    if let PartType::Message(original) = &part.body {
        return ours(original.message_id()?);
    }
    if !matches!(kind(part).as_str(), "text/rfc822-headers" | "message/global-headers") {
        return None;
    }
    let headers = MessageParser::default().parse_headers(part.contents())?;
    ours(headers.message_id()?)
}

/// `<message>@<domain>`, as every mail of ours has it.
fn ours(message_id: &str) -> Option<MessageId> {
    let (local, _) = message_id.trim_matches(['<', '>', ' ']).split_once('@')?;
    MessageId::parse(local).ok()
}

/// What the groups of a delivery status say; the worst of them where there are several recipients.
fn delivery_status(text: &str) -> MailNews {
    let mut found = MailNews::Nothing;
    for group in groups(text) {
        let field = |name: &str| group.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let status = field("status").and_then(Status::parse);
        let failed = |status: Option<Status>| MailNews::Bounced {
            cause: status.map_or_else(|| "bounced".to_owned(), |status| format!("bounced ({status})")),
            permanent: status.is_some_and(Status::blames_the_address),
        };
        let action = field("action").and_then(|text| text.split_whitespace().next()).map(str::to_ascii_lowercase);
        match (action.as_deref(), status) {
            (Some("failed"), status) => return failed(status),
            // Without an action the class tells what became of it.
            (None, Some(status)) if status.class != 2 => return failed(Some(status)),
            (Some("delivered"), _) => found = MailNews::Delivered,
            (Some(_) | None, _) => {}
        }
    }
    found
}

/// Whether a complaint is about the mail as such. `not-spam` and reports on signatures are none.
fn feedback(text: &str) -> MailNews {
    let mut fields = groups(text).into_iter().flatten();
    let kind = fields.find(|(name, _)| name == "feedback-type").map(|(_, value)| value.to_ascii_lowercase());
    match kind.as_deref() {
        Some("abuse" | "fraud" | "opt-out" | "opt-out-list") => MailNews::Complaint,
        Some(_) | None => MailNews::Nothing,
    }
}

/// Groups of `name: value` lines with empty lines between them; names in lower case, continued lines joined.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
        } else if let (true, Some(fields)) = (line.starts_with([' ', '\t']), groups.last_mut()) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let (Some((name, value)), Some(fields)) = (line.split_once(':'), groups.last_mut()) {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

/// An enhanced status code (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Status {
    class: u16,
    subject: u16,
    detail: u16,
}

impl Status {
    fn parse(text: &str) -> Option<Self> {
        let code = text.split_whitespace().next()?;
        let mut numbers = code.split('.').map(|part| part.parse::<u16>().ok().filter(|n| *n < 1000));
        let status = Self { class: numbers.next()??, subject: numbers.next()??, detail: numbers.next()?? };
        (numbers.next().is_none() && matches!(status.class, 2 | 4 | 5)).then_some(status)
    }

    /// Whether the mailbox is the reason, for good: RFC 3463 sections 3.2 and 3.3. A full mailbox (x.2.2), a mail that was
    /// too long (x.2.3), a refused sender (x.1.7, x.1.8), and everything about systems, routes, contents and policies (x.3
    /// to x.7) say nothing against the address, and must not lock its owner out of codes by e-mail.
    const fn blames_the_address(self) -> bool {
        match (self.class, self.subject, self.detail) {
            (5, 1, 7 | 8) | (5, 2, 2 | 3) => false,
            (5, 0..=2, _) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests;
