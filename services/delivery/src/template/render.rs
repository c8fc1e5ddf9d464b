//! A message from its kind, a locale, values and a tenant's own texts.

use std::fmt;

use minijinja::Value;

use super::catalogue::{COMPILED, built_in};
use super::html::{HTML_MAX, from_text};
use super::sandbox::{self, Escape, TemplateError};
use super::{Locale, MessageKind, TemplateOverride, TemplateOverrides, Vars};
use crate::transport::line::one_line;

/// Longest subject, in characters.
pub(super) const SUBJECT_MAX: usize = 200;
/// Longest text message, in characters, the `@domain #code` line included: two to three parts in GSM-7.
pub(super) const SMS_MAX: usize = 320;
/// Longest text part, in bytes.
const TEXT_MAX: usize = 32 * 1024;

/// A message in all its forms. `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// The plain part of a mail.
    pub text: String,
    /// Its HTML part.
    pub html: String,
    /// The text message, at most 320 characters.
    pub sms: String,
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rendered(…)")
    }
}

/// Fills in a message in all its forms. A tenant's part wins over the built-in one; locales fall back from `de-AT` to `de`
/// to `*`.
///
/// # Errors
/// A tenant's text that was never checked: what [`TemplateOverrides::validate`] passes fits the longest values too.
pub fn render(
    kind: MessageKind,
    locale: &Locale,
    vars: &Vars,
    own: &TemplateOverrides,
) -> Result<Rendered, TemplateError> {
    let Mail { subject, text, html } = render_mail(kind, locale, vars, own)?;
    Ok(Rendered { subject, text, html, sms: render_sms(kind, locale, vars, own)? })
}

/// The parts of a mail, as [`Rendered`] has them.
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Fills in what goes by mail.
///
/// # Errors
/// Those of [`render`], as far as they concern these parts.
pub(crate) fn render_mail(
    kind: MessageKind,
    locale: &Locale,
    vars: &Vars,
    own: &TemplateOverrides,
) -> Result<Mail, TemplateError> {
    let texts = Texts::new(kind, locale, vars, own);
    let builtin = built_in(kind, locale.language());
    let subject = one_line(&texts.fill("subject", |o| o.subject.as_deref(), builtin.subject)?, SUBJECT_MAX);
    let text = texts.fill("text", |o| o.text.as_deref(), builtin.text)?;
    let html = match texts.find(|o| o.html.as_deref()) {
        Some((from, source)) if texts.html_is_nearest() => {
            sandbox::render(&texts.name(from, "html"), source, Escape::Html, texts.values.clone(), HTML_MAX)?
        }
        Some(_) | None => from_text(locale.language(), &subject, &text, &vars.clean_code())?,
    };
    Ok(Mail { subject, text, html })
}

/// Fills in what goes as a text message.
///
/// # Errors
/// Those of [`render`], as far as they concern this part.
pub(crate) fn render_sms(
    kind: MessageKind,
    locale: &Locale,
    vars: &Vars,
    own: &TemplateOverrides,
) -> Result<String, TemplateError> {
    let texts = Texts::new(kind, locale, vars, own);
    let sms = texts.fill("sms", |o| o.sms.as_deref(), built_in(kind, locale.language()).sms)?;
    texts.finish_sms(&sms, vars)
}

/// A message with sample values, for a tenant to look at.
///
/// # Errors
/// Those of [`render`].
pub fn preview(kind: MessageKind, locale: &Locale, own: &TemplateOverrides) -> Result<Rendered, TemplateError> {
    render(kind, locale, &Vars::sample(), own)
}

struct Texts<'a> {
    kind: MessageKind,
    locale: &'a Locale,
    own: Vec<(&'a Locale, &'a TemplateOverride)>,
    values: Value,
}

type Part = fn(&TemplateOverride) -> Option<&str>;

impl<'a> Texts<'a> {
    fn new(kind: MessageKind, locale: &'a Locale, vars: &Vars, own: &'a TemplateOverrides) -> Self {
        Self { kind, locale, own: own.candidates(kind, locale), values: vars.values() }
    }

    fn name(&self, locale: &Locale, part: &str) -> String {
        format!("{}/{locale}/{part}", self.kind.name())
    }

    fn find(&self, part: Part) -> Option<(&'a Locale, &'a str)> {
        self.own.iter().find_map(|(locale, texts)| part(texts).map(|source| (*locale, source)))
    }

    /// A tenant's HTML for every language must not stand beside a nearer text.
    fn html_is_nearest(&self) -> bool {
        let html = self.own.iter().position(|(_, o)| o.html.is_some());
        let text = self.own.iter().position(|(_, o)| o.text.is_some());
        text.is_none_or(|t| html.is_some_and(|h| h <= t))
    }

    fn fill(&self, part: &str, own: Part, builtin: &str) -> Result<String, TemplateError> {
        let values = self.values.clone();
        match self.find(own) {
            Some((from, source)) => sandbox::render(&self.name(from, part), source, Escape::None, values, TEXT_MAX),
            None => COMPILED.render(&self.name(self.locale, part), builtin, values, TEXT_MAX),
        }
    }

    /// LF line ends, no other control characters, the `WebOTP` line last, at most [`SMS_MAX`] characters.
    fn finish_sms(&self, sms: &str, vars: &Vars) -> Result<String, TemplateError> {
        let lines = sms.replace("\r\n", "\n");
        let mut whole: String =
            lines.lines().map(|l| one_line(l, SMS_MAX + 1)).collect::<Vec<_>>().join("\n").trim().to_owned();
        // Left out when it does not fit: the code itself matters more.
        let fits = |line: &String| whole.chars().count() + 2 + line.chars().count() <= SMS_MAX;
        if let Some(webotp) = vars.webotp_line().filter(|line| self.kind.has_code() && fits(line)) {
            whole = format!("{whole}\n\n{webotp}");
        }
        if whole.chars().count() > SMS_MAX {
            return Err(TemplateError::new(&self.name(self.locale, "sms"), None, "longer than 320 characters"));
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The GSM 03.38 basic set, without the escape character.
    const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

    fn locale(tag: &str) -> Locale {
        Locale::parse(tag).expect(tag)
    }

    fn own(json: &str) -> TemplateOverrides {
        serde_json::from_str(json).expect(json)
    }

    #[test]
    fn every_built_in_text_renders_with_and_without_what_may_be_missing() {
        let longest = Vars {
            brand: "B".repeat(100),
            webotp_domain: Some(format!("{}.example.org", "panel".repeat(8))),
            ..Vars::sample()
        };
        for kind in MessageKind::ALL {
            for tag in ["en", "de"] {
                for vars in [Vars::sample(), Vars::sparse_sample(), longest.clone()] {
                    let got = render(kind, &locale(tag), &vars, &TemplateOverrides::default()).expect("renders");
                    let all = [&got.subject, &got.text, &got.sms, &got.html];
                    assert!(
                        all.iter().all(|t| !t.trim().is_empty() && !t.contains("{{") && !t.contains("{%")),
                        "{kind:?}"
                    );
                    assert_eq!(kind.has_code(), got.text.contains("\n\n123456\n\n"), "{kind:?} {tag}: {}", got.text);
                    assert_eq!(kind.has_code(), got.sms.contains("123456"), "{kind:?} {tag}");
                    assert!(!got.subject.contains("123456"));
                    assert!(got.sms.chars().all(|c| GSM.contains(c)), "{}", got.sms);
                    assert!(!got.text.contains("\n\n\n"), "{kind:?} {tag}: {:?}", got.text);
                }
            }
        }
    }

    #[test]
    fn both_languages_use_the_same_variables_and_none_repeats_the_other() {
        for kind in MessageKind::ALL {
            let (en, de) = (built_in(kind, "en"), built_in(kind, "de"));
            for (a, b) in [(en.subject, de.subject), (en.text, de.text), (en.sms, de.sms)] {
                assert_ne!(a, b);
                for variable in kind.variables() {
                    let place = format!("{{{{ {variable} }}}}");
                    assert_eq!(a.contains(&place), b.contains(&place), "{kind:?} {variable}");
                }
                assert_eq!(sandbox::check("t", a, kind.variables()), Ok(()));
                assert_eq!(sandbox::check("t", b, kind.variables()), Ok(()));
            }
        }
    }

    #[test]
    fn a_code_for_an_unproved_address_carries_nothing_a_stranger_chose() {
        let vars = Vars { user: Some("WIN at evil.example".to_owned()), ..Vars::sample() };
        for kind in MessageKind::ALL.into_iter().filter(|k| k.has_code()) {
            let got = render(kind, &locale("en"), &vars, &TemplateOverrides::default()).expect("renders");
            assert!(![got.subject, got.text, got.html, got.sms].concat().contains("evil.example"), "{kind:?}");
        }
    }

    #[test]
    fn the_hostkey_subject_is_exact_in_every_language() {
        let own = own(r#"{"enrolment_code":{"*":{"subject":"HOSTKEY: email verification code"}}}"#);
        for tag in ["en", "de", "de-AT", "fr"] {
            let got = render(MessageKind::EnrolmentCode, &locale(tag), &Vars::sample(), &own).expect("renders");
            assert_eq!(got.subject, "HOSTKEY: email verification code");
            assert!(got.text.contains("123456"));
        }
    }

    #[test]
    fn the_nearest_text_wins_and_html_follows_it() {
        let own = own(
            r#"{"login_code":{"*":{"text":"any {{ code }}","html":"<i>any {{ code }}</i>"},"de":{"text":"deutsch {{ code }} {{ user }}"},"de-AT":{"sms":"AT {{ code }}"}}}"#,
        );
        let vars = Vars { user: Some("<b>x</b>".to_owned()), ..Vars::sample() };
        let at = render(MessageKind::LoginCode, &locale("de-AT"), &vars, &own).expect("renders");
        assert_eq!((at.text.as_str(), at.sms.as_str()), ("deutsch 123456 <b>x</b>", "AT 123456"));
        assert!(at.html.contains("deutsch 123456 &lt;b&gt;x&lt;") && at.html.contains("lang=\"de\""));
        let fr = render(MessageKind::LoginCode, &locale("fr"), &vars, &own).expect("renders");
        assert_eq!(fr.html, "<i>any 123456</i>");
        assert!(fr.sms.contains("is your Example Hosting login code"));
    }

    #[test]
    fn the_last_line_of_a_text_message_lets_a_browser_fill_in_the_code() {
        let vars = Vars { webotp_domain: Some("panel.example.org".to_owned()), ..Vars::sample() };
        let own = TemplateOverrides::default();
        let code = render(MessageKind::LoginCode, &locale("en"), &vars, &own).expect("renders");
        assert!(code.sms.ends_with("\n\n@panel.example.org #123456"), "{}", code.sms);
        let notice = render(MessageKind::FactorLocked, &locale("en"), &vars, &own).expect("renders");
        assert!(!notice.sms.contains('@'));
        let domain = Some(["a"; 120].join("."));
        let long = render(MessageKind::LoginCode, &locale("en"), &Vars { webotp_domain: domain, ..vars }, &own)
            .expect("renders");
        assert!(long.sms.contains("123456") && !long.sms.contains('@'));
    }

    #[test]
    fn hostile_values_change_no_line_and_no_markup() {
        let evil = "a\r\nBcc: b@example.org\0\u{2028}<script>{{ code }}\n.\nMAIL FROM:<x>";
        let vars = Vars {
            brand: evil.to_owned(),
            user: Some(evil.to_owned()),
            ip: Some(evil.to_owned()),
            webotp_domain: Some(evil.to_owned()),
            ..Vars::sample()
        };
        for kind in MessageKind::ALL {
            let got = render(kind, &locale("en"), &vars, &TemplateOverrides::default()).expect("renders");
            assert!(!got.subject.chars().any(crate::transport::line::breaks_lines));
            assert!(!got.html.contains("<script"));
            let odd = |c: char| crate::transport::line::breaks_lines(c) && c != '\n';
            assert!(![&got.text, &got.html, &got.sms].iter().any(|t| t.chars().any(odd)));
            assert!(!got.text.lines().any(|l| l == "." || l.starts_with("Bcc") || l.starts_with("MAIL")));
        }
    }

    #[test]
    fn a_text_message_too_long_is_an_error_and_shows_nothing() {
        let own = own(&format!(r#"{{"login_code":{{"en":{{"sms":"{}{{{{ code }}}}"}}}}}}"#, "x".repeat(315)));
        let error = render(MessageKind::LoginCode, &locale("en"), &Vars::sample(), &own).expect_err("too long");
        assert_eq!(error.to_string(), "login_code/en/sms: longer than 320 characters");
        let shown = format!("{:?}", preview(MessageKind::LoginCode, &locale("en"), &TemplateOverrides::default()));
        assert!(!shown.contains("123456"));
    }
}
