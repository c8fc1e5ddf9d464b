//! What may stand on one line: header values, addresses, numbers (C12, C27).

/// Longest header value, in bytes. RFC 5322 allows 998 a line; ours are folded well before.
pub(crate) const HEADER_VALUE_MAX: usize = 512;
/// Longest address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub(crate) const ADDRESS_MAX: usize = 254;
/// Longest local part, in bytes (RFC 5321, section 4.5.3.1.1).
const LOCAL_PART_MAX: usize = 64;

/// Whether a character can end a line, or end a string, for any reader on the way.
pub(crate) fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a string is one harmless line of at most [`HEADER_VALUE_MAX`] bytes.
pub(crate) fn is_one_line(text: &str) -> bool {
    text.len() <= HEADER_VALUE_MAX && !text.chars().any(breaks_lines)
}

/// A text as one harmless line of at most `max` characters: whatever breaks lines becomes, in runs, one blank.
pub(crate) fn one_line(text: &str, max: usize) -> String {
    let mut out = String::new();
    for c in text.chars().take(max.saturating_mul(4)) {
        match (breaks_lines(c) || c.is_whitespace(), out.ends_with(' ')) {
            (true, true) => {}
            (true, false) => out.push(' '),
            (false, _) => out.push(c),
        }
    }
    out.trim().chars().take(max).collect()
}

/// Whether a string is a telephone number in E.164 form: `+`, no leading zero, 7 to 15 digits.
pub fn is_e164(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a string is a plain host name: LDH labels, at most 253 bytes.
pub(crate) fn is_host_name(name: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// An e-mail address as it goes on the wire: an ASCII dot-atom, `@`, a domain name in its ASCII form.
///
/// Narrower than RFC 5321 on purpose. No quoted local parts, no comments, no address literals, no SMTPUTF8: they are
/// where parsers disagree, and a parser that disagrees reads a second recipient. `None` for everything else.
pub fn normalise_address(address: &str) -> Option<String> {
    if address.len() > ADDRESS_MAX {
        return None;
    }
    let (local, domain) = address.rsplit_once('@')?;
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    let dot_atom = local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
    if local.len() > LOCAL_PART_MAX || !dot_atom {
        return None;
    }
    let domain = ascii_domain(domain)?;
    let whole = format!("{local}@{domain}");
    (whole.len() <= ADDRESS_MAX).then_some(whole)
}

/// A domain's ASCII form, with at least two labels and no IP address.
fn ascii_domain(domain: &str) -> Option<String> {
    if !domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-')) {
        return None;
    }
    let url = reqwest::Url::parse(&format!("http://{domain}/")).ok()?;
    let host = url.host_str()?;
    let named = host.contains('.') && is_host_name(host) && host.parse::<std::net::Ipv4Addr>().is_err();
    named.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_dot_atoms_at_domains() {
        for (given, wanted) in [
            ("ada@example.org", "ada@example.org"),
            ("a.b+tag@Sub.Example.ORG", "a.b+tag@sub.example.org"),
            ("o'hara@example.org", "o'hara@example.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ] {
            assert_eq!(normalise_address(given).as_deref(), Some(wanted), "{given}");
        }
    }

    #[test]
    fn anything_a_parser_could_read_differently_is_no_address() {
        let long = format!("{}@example.org", "a".repeat(65));
        for given in [
            "",
            "@",
            "a@",
            "@b.example",
            "a",
            "a b@example.org",
            "a@example.org,b@example.org",
            "a@b@example.org",
            "\"a@b\"@example.org",
            "<a@example.org>",
            "a@example.org>",
            "a@example.org\r\nRCPT TO:<b@example.org>",
            "a@example.org\n",
            "a\0@example.org",
            "a\u{2028}@example.org",
            "a@exa\u{2028}mple.org",
            "ä@example.org",
            ".a@example.org",
            "a..b@example.org",
            "a.@example.org",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@0x7f.1",
            "a@localhost",
            "a@example.org/x",
            "a@u:p@example.org",
            "a@example..org",
            "a@-example.org",
            "a@example.org?x",
            "a@example.org NOTIFY=NEVER",
            "(c)a@example.org",
            &long,
        ] {
            assert_eq!(normalise_address(given), None, "{given:?}");
        }
    }

    #[test]
    fn numbers_are_e164() {
        assert!(is_e164("+4915112345678"));
        for given in [
            "",
            "+",
            "4915112345678",
            "+0915112345678",
            "+49151",
            "+49151123456789012",
            "+49 151 1234567",
            "+4915112345678\n",
            "+491511234567٣",
            "+1555CALLNOW",
        ] {
            assert!(!is_e164(given), "{given:?}");
        }
    }

    #[test]
    fn one_line_means_one_line_for_every_reader() {
        assert!(is_one_line("Zwei-Faktor ✓"));
        for given in
            ["a\rb", "a\nb", "a\0b", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "a\u{b}b", "a\u{7f}", &"x".repeat(513)]
        {
            assert!(!is_one_line(given), "{given:?}");
        }
    }
}
