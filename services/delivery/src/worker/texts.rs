//! From a tenant's settings and a request to the words of a message.

use twofold_domain::settings::Settings;
use twofold_domain::user::{MessageKind as Kind, NoticeKind, Purpose};
use twofold_domain::{Channel, Timestamp};
use twofold_engine::{Preview, RenderRequest, RenderedMessage};

use crate::template::{
    BUILT_IN_LOCALES, Locale, Mail, MessageKind, TemplateOverride, TemplateOverrides, Vars, render_mail, render_sms,
};

/// By how much a message may overstate the time left, in seconds.
const MINUTE_SLACK_SECS: u64 = 15;

/// The message as it reads at `now`.
///
/// # Errors
/// A tenant's template that was never checked; the text names it and holds no value.
pub(super) fn write_out(
    settings: &Settings,
    request: &RenderRequest<'_>,
    now: Timestamp,
) -> Result<RenderedMessage, String> {
    let kind = kind_of(request.kind);
    let own = overrides(settings, Some(kind))?;
    written(settings, request, now, &own)
}

/// The same in the built-in words.
pub(super) fn write_out_built_in(
    settings: &Settings,
    request: &RenderRequest<'_>,
    now: Timestamp,
) -> Result<RenderedMessage, String> {
    written(settings, request, now, &TemplateOverrides::default())
}

fn written(
    settings: &Settings,
    request: &RenderRequest<'_>,
    now: Timestamp,
    own: &TemplateOverrides,
) -> Result<RenderedMessage, String> {
    let kind = kind_of(request.kind);
    let locale = locale_of(settings, request.locale, kind, own);
    // Whole minutes; a code that has just been asked for must not lose one to the seconds on the way.
    let minutes = ((now.secs_until(request.expires_at) + MINUTE_SLACK_SECS) / 60).max(1);
    let vars = Vars {
        code: request.code.map(str::to_owned),
        minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
        brand: settings.brand.clone(),
        user: Some(request.user_label.to_owned()).filter(|label| !label.is_empty()),
        ip: None,
        at: Some(request.at),
        webotp_domain: settings.sms.web_otp_domain.clone(),
    };
    of_channel(request.channel, kind, &locale, &vars, own)
}

/// A message with made-up values, for whoever writes its template.
///
/// # Errors
/// An unknown kind, or every defect of the texts of that kind, each with its name.
pub(super) fn made_up(settings: &Settings, wanted: &Preview<'_>) -> Result<RenderedMessage, String> {
    let known = MessageKind::ALL.into_iter().find(|kind| kind.name() == wanted.kind);
    let kind = known.ok_or_else(|| {
        let names = MessageKind::ALL.map(MessageKind::name).join(", ");
        format!("kind: one of {names}")
    })?;
    let own = overrides(settings, Some(kind))?;
    own.validate().map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        all.join("; ")
    })?;
    let locale = locale_of(settings, wanted.locale, kind, &own);
    let brand = settings.brand.clone();
    let vars = Vars { brand, webotp_domain: settings.sms.web_otp_domain.clone(), ..Vars::sample() };
    of_channel(wanted.channel, kind, &locale, &vars, &own)
}

/// Only what goes out by the channel is filled in.
fn of_channel(
    channel: Channel,
    kind: MessageKind,
    locale: &Locale,
    vars: &Vars,
    own: &TemplateOverrides,
) -> Result<RenderedMessage, String> {
    let done = match channel {
        Channel::Email => render_mail(kind, locale, vars, own).map(|mail| {
            let Mail { subject, text, html } = mail;
            RenderedMessage { subject: Some(subject), text, html: Some(html) }
        }),
        Channel::Sms => {
            render_sms(kind, locale, vars, own).map(|text| RenderedMessage { subject: None, text, html: None })
        }
    };
    done.map_err(|error| error.to_string())
}

/// The user's language if there are texts in it, the tenant's own or built in; else the tenant's default.
fn locale_of(settings: &Settings, wanted: Option<&str>, kind: MessageKind, own: &TemplateOverrides) -> Locale {
    let default = || Locale::parse_or_default(&settings.default_locale);
    let Some(wanted) = wanted.map(Locale::parse_or_default) else { return default() };
    let has_own = own
        .0
        .get(&kind)
        .is_some_and(|by_locale| by_locale.keys().any(|key| *key == wanted || key.as_str() == wanted.language()));
    if has_own || BUILT_IN_LOCALES.contains(&wanted.language()) { wanted } else { default() }
}

fn kind_of(kind: &Kind) -> MessageKind {
    match kind {
        Kind::Code { purpose: Purpose::Login, .. } => MessageKind::LoginCode,
        Kind::Code { purpose: Purpose::Reauth, .. } => MessageKind::ReauthCode,
        Kind::Code { purpose: Purpose::Enrolment, .. } => MessageKind::EnrolmentCode,
        Kind::Notice(NoticeKind::TwoFactorEnabled) => MessageKind::TwoFactorEnabled,
        Kind::Notice(NoticeKind::TwoFactorDisabled) => MessageKind::TwoFactorDisabled,
        Kind::Notice(NoticeKind::TwoFactorReset) => MessageKind::TwoFactorReset,
        Kind::Notice(NoticeKind::AuthenticatorReset) => MessageKind::AuthenticatorReset,
        Kind::Notice(NoticeKind::RecoveryCodesRegenerated) => MessageKind::RecoveryCodesRegenerated,
        Kind::Notice(NoticeKind::RecoveryCodeUsed) => MessageKind::RecoveryCodeUsed,
        Kind::Notice(NoticeKind::FactorLocked) => MessageKind::FactorLocked,
    }
}

/// The tenant's texts, written in settings as `templates.<locale>.<kind>.<part>`; all of them, or those of one kind.
pub(super) fn overrides(settings: &Settings, only: Option<MessageKind>) -> Result<TemplateOverrides, String> {
    let mut all = TemplateOverrides::default();
    for (tag, sources) in &settings.templates {
        let locale = Locale::parse(tag).map_err(|error| format!("templates.{tag}: {error}"))?;
        for (name, source) in sources {
            let (kind, part) = name.split_once('.').unwrap_or((name, ""));
            if only.is_some_and(|only| only.name() != kind) {
                continue;
            }
            let known = MessageKind::ALL.into_iter().find(|k| k.name() == kind);
            let texts = known.map(|k| all.0.entry(k).or_default().entry(locale.clone()).or_default());
            let slot = texts.and_then(|texts| part_of(texts, part));
            *slot.ok_or_else(|| format!("templates.{tag}.{name}: {UNKNOWN}"))? = Some(source.clone());
        }
    }
    Ok(all)
}

const UNKNOWN: &str = "is no template; names are such as login_code.subject, with subject, text, html or sms";

fn part_of<'a>(texts: &'a mut TemplateOverride, part: &str) -> Option<&'a mut Option<String>> {
    match part {
        "subject" => Some(&mut texts.subject),
        "text" => Some(&mut texts.text),
        "html" => Some(&mut texts.html),
        "sms" => Some(&mut texts.sms),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use twofold_domain::CodeNonce;

    use super::*;

    fn written_in(locale: Option<&str>, document: &serde_json::Value) -> RenderedMessage {
        let settings = Settings::from_document(document).expect("settings");
        let kind = Kind::Code {
            purpose: Purpose::Enrolment,
            reference: "en".to_owned(),
            nonce: CodeNonce([1; 16]),
            digits: 6,
        };
        let request = RenderRequest {
            channel: Channel::Email,
            kind: &kind,
            code: Some("012345"),
            locale,
            user_label: "ada",
            at: Timestamp(0),
            expires_at: Timestamp(300_000),
        };
        write_out(&settings, &request, Timestamp(190_001)).expect("written")
    }

    #[test]
    fn a_tenants_text_is_used_in_its_language_and_where_there_is_none() {
        let own = json!({ "brand": "Acme", "templates": { "en": { "enrolment_code.subject": "ACME: verification" } } });
        for (locale, subject) in
            [(None, "ACME: verification"), (Some("en-us"), "ACME: verification"), (Some("fr"), "ACME: verification")]
        {
            assert_eq!(written_in(locale, &own).subject.as_deref(), Some(subject), "{locale:?}");
        }
        assert_ne!(written_in(Some("de"), &own).subject.as_deref(), Some("ACME: verification"));
    }

    #[test]
    fn a_preview_shows_a_template_with_a_made_up_code_and_names_what_is_wrong_with_it() {
        let preview = |document: &serde_json::Value, kind, channel| {
            let settings = Settings::from_document(document).expect("settings");
            made_up(&settings, &Preview { kind, channel, locale: Some("de") })
        };
        let own = json!({ "brand": "Acme", "sms": { "web_otp_domain": "panel.example.org" }, "templates": { "de": { "login_code.sms": "{{ brand }}: {{ code }}" } } });
        let sms = preview(&own, "login_code", Channel::Sms).expect("rendered");
        assert_eq!((sms.text.as_str(), sms.subject), ("Acme: 123456\n\n@panel.example.org #123456", None));
        let mail = preview(&own, "login_code", Channel::Email).expect("rendered");
        assert!(mail.subject.is_some() && mail.html.is_some_and(|html| html.contains("lang=\"de\"")));
        let broken = json!({ "templates": { "de": { "login_code.text": "{{ cod }}" } } });
        assert_eq!(
            preview(&broken, "login_code", Channel::Email).map(drop),
            Err("login_code/de/text, line 1: unknown variable cod".to_owned())
        );
        assert!(preview(&own, "login", Channel::Sms).is_err_and(|error| error.contains("factor_locked")));
    }

    #[test]
    fn the_time_left_is_the_time_left_now() {
        let text = written_in(None, &json!({})).text;
        assert!(text.contains("012345") && text.contains("for 2 minutes"), "{text}");
    }
}
