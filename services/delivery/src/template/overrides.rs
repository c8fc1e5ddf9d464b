//! A tenant's own texts.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::MessageKind;

/// A language, perhaps with a region: `en`, `de-AT`. `*` stands for every language without texts of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

/// Not a locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a language tag such as en or de-AT, or *")]
pub struct LocaleError;

impl Locale {
    /// Reads a tag (RFC 5646, as far as anybody uses it): 2 or 3 letters, then subtags of 2 to 8 letters or digits.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(tag: &str) -> Result<Self, LocaleError> {
        if tag == "*" {
            return Ok(Self(tag.to_owned()));
        }
        let mut parts = tag.split(['-', '_']);
        let language = parts.next().unwrap_or_default().to_ascii_lowercase();
        let good = (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase());
        let rest: Vec<String> = parts.map(str::to_ascii_uppercase).collect();
        let subtag = |s: &String| (2..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric());
        if !good || rest.len() > 3 || !rest.iter().all(subtag) {
            return Err(LocaleError);
        }
        Ok(Self(std::iter::once(language).chain(rest).collect::<Vec<_>>().join("-")))
    }

    /// The best we can do with whatever a panel sends: an unreadable tag is English.
    pub fn parse_or_default(tag: &str) -> Self {
        Self::parse(tag).unwrap_or_else(|_| Self("en".to_owned()))
    }

    /// The tag: language in lower case, subtags in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone; English for `*`.
    pub fn language(&self) -> &str {
        match self.0.split('-').next() {
            None | Some("*") => "en",
            Some(language) => language,
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Locale {
    type Error = LocaleError;

    fn try_from(tag: String) -> Result<Self, LocaleError> {
        Self::parse(&tag)
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

/// A tenant's text for one message in one language; parts left out stay built in.
///
/// A text without an HTML part gets one made from it, so the two never say different things.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TemplateOverride {
    /// One line, at most 200 characters when filled, without the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The plain part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The HTML part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// At most 320 characters when filled, the `@domain #code` line included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
}

/// All of a tenant's own texts, by message and language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TemplateOverrides(pub BTreeMap<MessageKind, BTreeMap<Locale, TemplateOverride>>);

impl TemplateOverrides {
    /// What to look in, nearest first: the locale, its language, `*`.
    pub(super) fn candidates<'a>(
        &'a self,
        kind: MessageKind,
        locale: &Locale,
    ) -> Vec<(&'a Locale, &'a TemplateOverride)> {
        let Some(by_locale) = self.0.get(&kind) else { return Vec::new() };
        let mut wanted = vec![locale.as_str(), locale.language(), "*"];
        wanted.dedup();
        wanted.iter().filter_map(|tag| by_locale.get_key_value(&Locale((*tag).to_owned()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalised() {
        for (given, wanted) in
            [("en", "en"), ("DE", "de"), ("de_at", "de-AT"), ("zh-Hant-TW", "zh-HANT-TW"), ("*", "*")]
        {
            assert_eq!(Locale::parse(given).map(String::from).as_deref(), Ok(wanted));
        }
        for given in ["", "e", "english", "en-", "en-a", "en US", "en\n", "../en", "de-\u{e4}\u{e4}", "en-a-b-c-d"] {
            assert_eq!(Locale::parse(given), Err(LocaleError), "{given:?}");
            assert_eq!(Locale::parse_or_default(given).language(), "en");
        }
    }

    #[test]
    fn unknown_kinds_and_parts_are_refused() {
        assert!(serde_json::from_str::<TemplateOverrides>(r#"{"login_code":{"en":{"subject":"x"}}}"#).is_ok());
        for bad in [r#"{"login":{}}"#, r#"{"login_code":{"en":{"title":"x"}}}"#, r#"{"login_code":{"e":{}}}"#] {
            assert!(serde_json::from_str::<TemplateOverrides>(bad).is_err(), "{bad}");
        }
    }
}
