//! A tenant's texts before they are saved.

use super::render::{SMS_MAX, SUBJECT_MAX, render};
use super::sandbox::{self, TemplateError};
use super::{Locale, MessageKind, TemplateOverride, TemplateOverrides, Vars};
use crate::transport::line::breaks_lines;

/// Most languages per message.
const LOCALES_MAX: usize = 32;
/// What no mail client runs and every spam filter counts.
const HTML_REFUSED: [&str; 10] =
    ["<script", "<iframe", "<object", "<embed", "<form", "<base", "<meta http-equiv", "javascript:", "<link", "<svg"];

impl TemplateOverrides {
    /// Compiles every text and fills it with sample values, complete and sparse.
    ///
    /// # Errors
    /// Every defect, each with the text's name and, where known, the line.
    pub fn validate(&self) -> Result<(), Vec<TemplateError>> {
        let mut errors = Vec::new();
        for (kind, by_locale) in &self.0 {
            if by_locale.len() > LOCALES_MAX {
                errors.push(TemplateError::new(kind.name(), None, "more than 32 languages"));
            }
            for (locale, own) in by_locale {
                check_one(*kind, locale, own, &mut errors);
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

fn check_one(kind: MessageKind, locale: &Locale, own: &TemplateOverride, errors: &mut Vec<TemplateError>) {
    let parts = [("subject", &own.subject), ("text", &own.text), ("html", &own.html), ("sms", &own.sms)];
    let before = errors.len();
    for (part, source) in parts {
        let Some(source) = source else { continue };
        let name = format!("{}/{locale}/{part}", kind.name());
        if let Err(error) = sandbox::check(&name, source, kind.variables()) {
            errors.push(error);
        } else if let Some(problem) = source_problem(part, source) {
            errors.push(TemplateError::new(&name, None, problem));
        }
    }
    if errors.len() > before {
        return;
    }
    let alone = TemplateOverrides([(kind, [(locale.clone(), own.clone())].into())].into());
    for vars in [Vars::sample(), Vars::sparse_sample()] {
        if let Err(error) = check_filled(kind, locale, &alone, own, &vars) {
            errors.push(error);
            return;
        }
    }
    if let Err(error) = render(kind, locale, &Vars::longest_sample(), &alone) {
        errors.push(TemplateError { problem: format!("{} with long values", error.problem), ..error });
    }
}

fn source_problem(part: &str, source: &str) -> Option<String> {
    let odd = |c: char| breaks_lines(c) && (part == "subject" || !matches!(c, '\n' | '\r' | '\t'));
    if source.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if source.chars().any(odd) {
        return Some("contains line breaks or control characters that do not belong there".to_owned());
    }
    let lower = source.to_ascii_lowercase();
    let refused = HTML_REFUSED.iter().find(|tag| part == "html" && lower.contains(**tag))?;
    Some(format!("{refused} is not allowed in mail"))
}

/// What only shows once a text is filled.
fn check_filled(
    kind: MessageKind,
    locale: &Locale,
    alone: &TemplateOverrides,
    own: &TemplateOverride,
    vars: &Vars,
) -> Result<(), TemplateError> {
    let filled = render(kind, locale, vars, alone)?;
    let bad =
        |part: &str, problem: &str| Err(TemplateError::new(&format!("{}/{locale}/{part}", kind.name()), None, problem));
    if filled.subject.is_empty() || filled.subject.chars().count() >= SUBJECT_MAX {
        return bad("subject", "must have 1 to 199 characters when filled");
    }
    if filled.sms.is_empty() || filled.sms.chars().count() > SMS_MAX {
        return bad("sms", "must have 1 to 320 characters when filled");
    }
    let Some(code) = vars.code.as_deref().filter(|_| kind.has_code()) else { return Ok(()) };
    if filled.subject.contains(code) {
        return bad("subject", "must not contain the code: subjects show on locked screens");
    }
    for (part, set, text) in [
        ("text", own.text.is_some(), &filled.text),
        ("html", own.html.is_some(), &filled.html),
        ("sms", own.sms.is_some(), &filled.sms),
    ] {
        if set && !text.contains(code) {
            return bad(part, "must contain {{ code }}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(kind: &str, part: &str, source: &str) -> String {
        let json = serde_json::json!({ kind: { "en": { part: source } } });
        let own: TemplateOverrides = serde_json::from_value(json).expect("readable");
        match own.validate() {
            Ok(()) => "good".to_owned(),
            Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        }
    }

    #[test]
    fn good_texts_pass() {
        for (kind, part, source) in [
            ("login_code", "subject", "{{ brand }}: login"),
            ("login_code", "text", "Hi{% if user %} {{ user }}{% endif %}\r\n{{ code }}\n"),
            ("login_code", "html", "<p style=\"color:red\">{{ code }}</p>"),
            ("login_code", "sms", "{{ code }}"),
            ("factor_locked", "text", "{{ user }} {{ at }} {{ ip }}"),
        ] {
            assert_eq!(verdict(kind, part, source), "good", "{source}");
        }
    }

    #[test]
    fn bad_texts_are_named_with_their_line() {
        for (kind, part, source, wanted) in [
            ("login_code", "text", "a\nb\n{{ cod }}", "login_code/en/text, line 3: unknown variable cod"),
            (
                "login_code",
                "text",
                "a\n{% for x in code %}",
                "login_code/en/text, line 2: only if, elif, else and endif are allowed",
            ),
            ("login_code", "text", "no code", "login_code/en/text: must contain {{ code }}"),
            ("login_code", "text", "{% if ip %}{{ code }}{% endif %}", "login_code/en/text: must contain {{ code }}"),
            ("login_code", "html", "<p>", "login_code/en/html: must contain {{ code }}"),
            ("login_code", "sms", "x", "login_code/en/sms: must contain {{ code }}"),
            (
                "login_code",
                "subject",
                "{{ code }}",
                "login_code/en/subject: must not contain the code: subjects show on locked screens",
            ),
            (
                "login_code",
                "subject",
                "a\nBcc: b",
                "login_code/en/subject: contains line breaks or control characters that do not belong there",
            ),
            (
                "login_code",
                "subject",
                "a\u{2028}b",
                "login_code/en/subject: contains line breaks or control characters that do not belong there",
            ),
            ("login_code", "subject", "  ", "login_code/en/subject: is empty"),
            (
                "login_code",
                "subject",
                "{% if ip %}x{% endif %}",
                "login_code/en/subject: must have 1 to 199 characters when filled",
            ),
            ("login_code", "html", "<SCRIPT>{{ code }}", "login_code/en/html: <script is not allowed in mail"),
            ("factor_locked", "text", "{{ code }}", "factor_locked/en/text, line 1: unknown variable code"),
            (
                "factor_locked",
                "text",
                "a\0",
                "factor_locked/en/text: contains line breaks or control characters that do not belong there",
            ),
        ] {
            assert_eq!(verdict(kind, part, source), wanted);
        }
        assert!(
            verdict("login_code", "sms", &format!("{{{{ code }}}}{{{{ user }}}}{}", "x".repeat(280)))
                .ends_with("with long values")
        );
        assert!(verdict("login_code", "sms", &format!("{{{{ code }}}}{}", "x".repeat(320))).contains("320"));
        assert!(verdict("login_code", "subject", &"x".repeat(201)).contains("199"));
    }

    #[test]
    fn languages_are_bounded() {
        let many = (0..33).map(|n| {
            let tag = format!("a{}", char::from(b'a' + n % 26)) + if n < 26 { "" } else { "x" };
            (Locale::parse(&tag).expect("tag"), TemplateOverride::default())
        });
        let own = TemplateOverrides([(MessageKind::LoginCode, many.collect())].into());
        assert_eq!(own.0[&MessageKind::LoginCode].len(), 33);
        assert!(own.validate().is_err());
    }
}
