//! The message catalogue: stable ids and their texts. A tenant's own text wins; an unknown language falls back to English.

use crate::settings::Settings;

/// One message: id, English, German.
type Entry = (&'static str, &'static str, &'static str);

/// Languages with a complete built-in catalogue.
pub const LOCALES: [&str; 2] = ["en", "de"];

const CATALOGUE: &[Entry] = &include!("messages_catalogue.in");

/// Whether the catalogue has the id.
pub fn is_known(id: &str) -> bool {
    CATALOGUE.iter().any(|(known, ..)| *known == id)
}

/// Every id, in the order of the catalogue.
pub fn ids() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|(id, ..)| *id)
}

/// The text of a message for a user of this language. Order: tenant's text in the language, tenant's text in the
/// tenant's default language when the user has none, built-in text in the language; then the same in the tenant's
/// default language, then in English.
pub fn text<'a>(settings: &'a Settings, locale: Option<&str>, id: &str) -> &'a str {
    let wanted = locale.map_or(settings.default_locale.as_str(), primary);
    let own = |tag: &str| settings.messages.get(tag).and_then(|texts| texts.get(id)).map(String::as_str);
    let exact = locale.and_then(own);
    exact
        .or_else(|| own(wanted))
        .or_else(|| built_in(primary(wanted), id))
        .or_else(|| own(&settings.default_locale))
        .or_else(|| built_in(primary(&settings.default_locale), id))
        .or_else(|| own("en"))
        .or_else(|| built_in("en", id))
        .unwrap_or("")
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn built_in(locale: &str, id: &str) -> Option<&'static str> {
    let (_, english, german) = CATALOGUE.iter().find(|(known, ..)| *known == id)?;
    match locale {
        "en" => Some(english),
        "de" => Some(german),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_text_is_there() {
        let mut seen = std::collections::BTreeSet::new();
        for (id, english, german) in CATALOGUE {
            assert!(seen.insert(id), "{id} twice");
            assert!(!english.is_empty() && !german.is_empty(), "{id}");
        }
    }

    #[test]
    fn the_tenants_text_wins_and_unknown_languages_fall_back() {
        let mut settings = Settings::default();
        settings.messages.entry("en".into()).or_default().insert("verify.wrong_code".into(), "Otp invalid!".into());
        assert_eq!(text(&settings, None, "verify.wrong_code"), "Otp invalid!");
        assert_eq!(text(&settings, Some("en"), "verify.wrong_code"), "Otp invalid!");
        assert_eq!(text(&settings, Some("fr"), "verify.wrong_code"), "Otp invalid!");
        assert_eq!(text(&settings, Some("de"), "verify.wrong_code"), "Der Code ist falsch.");
        assert_eq!(text(&settings, Some("de-at"), "verify.ok"), "Der Code ist richtig.");
    }
}
