//! What an answer must be. Bytes are looked for where parsing would cost the server its processor time.

use crate::load::Verdict;

/// Most of an answer that is quoted, in bytes.
const QUOTED: usize = 300;

/// A status, and what the body must hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// What it is, for people.
    pub(super) name: &'static str,
    status: u16,
    holds: &'static [&'static str],
}

impl Expected {
    pub(super) const fn new(name: &'static str, status: u16, holds: &'static [&'static str]) -> Self {
        Self { name, status, holds }
    }

    /// A login that is allowed.
    pub(super) const RIGHT: Self = Self::new("verified", 200, &[r#""verified":true"#, r#""purpose":"login""#]);
    /// A code that is none.
    pub(super) const WRONG: Self = Self::new("wrong_code", 422, &[r#""code":"wrong_code""#, r#""verified":false"#]);
    /// A code that was spent.
    pub(super) const SPENT: Self = Self::new("already_used", 422, &[r#""code":"already_used""#, r#""verified":false"#]);
    /// A factor that is locked.
    pub(super) const LOCKED: Self = Self::new("locked", 429, &[r#""code":"locked""#, r#""verified":false"#]);

    /// Whether an answer is this one.
    pub(super) fn is_met(&self, status: u16, body: &[u8]) -> bool {
        status == self.status && self.holds.iter().all(|part| find(body, part.as_bytes()).is_some())
    }

    /// What is to be said of an answer.
    pub(super) fn judge(&self, status: u16, body: &[u8]) -> Verdict {
        if self.is_met(status, body) {
            return Verdict::Right;
        }
        match status {
            429 | 503 => Verdict::Refused(status),
            _ => Verdict::WrongAnswer(told(self.name, status, body)),
        }
    }
}

/// The verdict, unless a wrong answer turns out to be a right one after all. Asked only then: the reasons are rare and dear.
pub(super) fn unless(verdict: Verdict, excuse: impl FnOnce() -> bool) -> Verdict {
    if matches!(verdict, Verdict::WrongAnswer(_)) && excuse() { Verdict::Right } else { verdict }
}

/// What was expected and what came, in words.
pub(super) fn told(expected: &str, status: u16, body: &[u8]) -> String {
    format!("expected {expected}, got {status} {}", String::from_utf8_lossy(&body[..body.len().min(QUOTED)]))
}

/// The text of a JSON member, found by its name: the first of that name, which must hold no escapes.
pub(super) fn member<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let start = find(body, format!(r#""{name}":""#).as_bytes())? + name.len() + 4;
    let rest = &body[start..];
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    std::str::from_utf8(&rest[..end]).ok().filter(|_| rest[end] == b'"')
}

fn find(body: &[u8], part: &[u8]) -> Option<usize> {
    body.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_answer_is_right_and_only_429_and_503_are_refusals() {
        let yes = br#"{"verified":true,"purpose":"login"}"#;
        let no = br#"{"code":"wrong_code","verified":false}"#;
        assert_eq!(Expected::RIGHT.judge(200, yes), Verdict::Right);
        assert_eq!(Expected::WRONG.judge(422, no), Verdict::Right);
        for (expected, status, body) in [
            (Expected::WRONG, 200, &yes[..]),
            (Expected::RIGHT, 422, no),
            (Expected::RIGHT, 201, yes),
            (Expected::RIGHT, 200, br#"{"verified":true,"purpose":"reauth"}"#),
            (Expected::SPENT, 422, no),
            (Expected::RIGHT, 500, b"{}"),
        ] {
            assert!(matches!(expected.judge(status, body), Verdict::WrongAnswer(_)), "{status} for {}", expected.name);
        }
        assert_eq!(Expected::RIGHT.judge(503, b"{}"), Verdict::Refused(503));
        assert_eq!(Expected::RIGHT.judge(429, b"{}"), Verdict::Refused(429));
        assert_eq!(Expected::LOCKED.judge(429, br#"{"code":"locked","verified":false}"#), Verdict::Right);
    }

    #[test]
    fn a_member_is_the_first_of_its_name_and_whole() {
        let body = br#"{"request_id":"x","id":"ch1","totp":{"secret":"ABC"},"id":"no","odd":"a\"b"#;
        assert_eq!((member(body, "id"), member(body, "secret")), (Some("ch1"), Some("ABC")));
        assert_eq!((member(body, "odd"), member(body, "absent")), (None, None));
    }
}
