//! Checks of a settings document as a whole. Every error names the field and says what it accepts.

use std::ops::RangeInclusive;

use super::{ReauthRule, RecoveryPath, Settings};
use crate::messages;
use crate::user_id::is_forbidden;

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Dotted path, such as `totp.digits`.
    pub field: String,
    /// What the field accepts.
    pub problem: String,
}

/// Why a settings document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Unknown field, wrong type or unknown value.
    #[error("{0}")]
    Shape(String),
    /// Known fields with values out of bounds.
    #[error("{}", list(.0))]
    Fields(Vec<FieldError>),
}

fn list(errors: &[FieldError]) -> String {
    errors.iter().map(|e| format!("{}: {}", e.field, e.problem)).collect::<Vec<_>>().join("; ")
}

const MAX_TEXT_CHARS: usize = 2_000;
const MAX_TEMPLATE_BYTES: usize = 32_768;
const MAX_OVERRIDES: usize = 500;

#[derive(Default)]
struct Findings(Vec<FieldError>);

impl Findings {
    fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), problem: problem.into() });
    }

    fn range<T: PartialOrd + std::fmt::Display + Copy>(&mut self, field: &str, value: T, allowed: &RangeInclusive<T>) {
        if !allowed.contains(&value) {
            self.add(field, format!("must be from {} to {}, not {value}", allowed.start(), allowed.end()));
        }
    }

    fn line(&mut self, field: &str, text: &str, max_chars: usize) {
        if text.trim().is_empty() || text.chars().count() > max_chars || text.chars().any(is_forbidden) {
            self.add(field, format!("must be 1 to {max_chars} printable characters on one line"));
        }
    }
}

impl Settings {
    /// Checks every bound; collects all findings rather than stopping at the first.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let mut found = Findings::default();
        self.check_texts(&mut found);
        self.check_numbers(&mut found);
        self.check_combinations(&mut found);
        if found.0.is_empty() { Ok(()) } else { Err(SettingsError::Fields(found.0)) }
    }

    fn check_texts(&self, found: &mut Findings) {
        found.line("brand", &self.brand, 64);
        if !is_locale(&self.default_locale) {
            found.add("default_locale", "must be a language tag such as en or de");
        }
        if let Some(app) = &self.enrolment.recommended_app {
            found.line("enrolment.recommended_app", app, 64);
        }
        if let Some(issuer) = &self.totp.issuer {
            found.line("totp.issuer", issuer, 64);
            if issuer.contains(':') {
                found.add("totp.issuer", "must not contain a colon");
            }
        } else if self.brand.contains(':') {
            found.add("brand", "must not contain a colon, unless totp.issuer is set");
        }
        for country in self.sms.countries.iter().chain(&self.sms.default_country) {
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
                found.add("sms", "countries are two capital letters (ISO 3166), such as DE");
            }
        }
        if let Some(domain) = &self.sms.web_otp_domain {
            let plain = !domain.is_empty()
                && domain.len() <= 100
                && domain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
            if !plain {
                found.add("sms.web_otp_domain", "must be a plain domain name in lower case");
            }
        }
        self.check_overrides(found);
    }

    fn check_overrides(&self, found: &mut Findings) {
        for (locale, texts) in &self.messages {
            if !is_locale(locale) || texts.len() > MAX_OVERRIDES {
                found.add(format!("messages.{locale}"), "must be a language tag such as en with at most 500 texts");
            }
            for (id, text) in texts {
                if !messages::is_known(id) {
                    found.add(format!("messages.{locale}.{id}"), "is no message of the catalogue");
                } else if text.trim().is_empty()
                    || text.chars().count() > MAX_TEXT_CHARS
                    || text.chars().any(|c| c != '\n' && is_forbidden(c))
                {
                    found.add(format!("messages.{locale}.{id}"), "must be 1 to 2000 printable characters");
                }
            }
        }
        for (locale, sources) in &self.templates {
            if !is_locale(locale) || sources.len() > MAX_OVERRIDES {
                found
                    .add(format!("templates.{locale}"), "must be a language tag such as en with at most 500 templates");
            }
            for (name, source) in sources {
                if source.len() > MAX_TEMPLATE_BYTES {
                    found.add(format!("templates.{locale}.{name}"), "must be at most 32768 bytes");
                }
            }
        }
    }

    fn check_numbers(&self, found: &mut Findings) {
        found.range("grace_days", self.grace_days.unwrap_or(0), &(0..=365));
        found.range("enrolment.ttl_secs", self.enrolment.ttl_secs, &(60..=3600));
        found.range("methods.max_active", self.methods.max_active, &(1..=3));
        found.range("recovery_codes.count", self.recovery_codes.count, &(1..=20));
        found.range("recovery_codes.length", self.recovery_codes.length, &(8..=16));
        found.range("reauth.max_age_secs", self.reauth.max_age_secs, &(30..=3600));
        found.range("login.challenge_ttl_secs", self.login.challenge_ttl_secs, &(60..=3600));
        found.range("totp.period_secs", self.totp.period_secs, &(15..=120));
        found.range("totp.skew_steps", self.totp.skew_steps, &(0..=1));
        found.range("codes.ttl_secs", self.codes.ttl_secs, &(60..=600));
        found.range("codes.resend_after_secs", self.codes.resend_after_secs, &(10..=300));
        self.check_delivery(found);
        for (field, digits) in [("totp.digits", self.totp.digits), ("codes.digits", self.codes.digits)] {
            if digits != 6 && digits != 8 {
                found.add(field, format!("must be 6 or 8, not {digits}"));
            }
        }
    }

    fn check_delivery(&self, found: &mut Findings) {
        let delivery = &self.delivery;
        found.range("delivery.per_user_hour", delivery.per_user_hour, &(1..=1000));
        found.range("delivery.per_user_day", delivery.per_user_day, &(1..=10_000));
        found.range("delivery.warn_percent", delivery.warn_percent, &(1..=100));
        found.range("delivery.prefix_per_hour", delivery.prefix_per_hour.unwrap_or(1), &(1..=1_000_000));
        found.range("delivery.conversion_floor_percent", delivery.conversion_floor_percent, &(0..=100));
        found.range("delivery.conversion_min_sent", delivery.conversion_min_sent, &(5..=100_000));
        found.range("delivery.share", delivery.share, &(1..=100));
    }

    fn check_combinations(&self, found: &mut Findings) {
        if self.methods.allowed.is_empty() {
            found.add("methods.allowed", "must name at least one of totp, email, sms");
        }
        if self.enrolment.trigger.is_empty() {
            found.add("enrolment.trigger", "must name at least one of profile, next_login, prompt");
        }
        // Otherwise the only code there is would be dead before another could be asked for.
        if self.codes.resend_after_secs > self.codes.ttl_secs {
            found.add("codes.resend_after_secs", "must not be more than codes.ttl_secs");
        }
        let mut seen: Vec<RecoveryPath> = Vec::new();
        for path in &self.recovery.paths {
            if seen.contains(path) {
                found.add("recovery.paths", "must not repeat a path");
            }
            seen.push(*path);
        }
        // A code cannot be asked for before the first factor exists.
        if self.reauth.enable == ReauthRule::Code || self.reauth.enable == ReauthRule::PasswordAndCode {
            found.add("reauth.enable", "must be none, confirm or password: before set-up there is no code to ask for");
        }
    }
}

/// A language tag of the plain kind: `en`, `de`, `pt-br`.
pub(crate) fn is_locale(tag: &str) -> bool {
    (2..=11).contains(&tag.len())
        && tag.split('-').all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
        && tag.as_bytes()[0].is_ascii_lowercase()
}
