use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::messages::text;
use crate::{Channel, Method};

#[test]
fn every_preset_parses_validates_and_is_found_by_name() {
    for preset in Preset::ALL {
        let document: Value = toml::from_str(preset.source()).expect("is TOML");
        assert_eq!(preset.document(), document);
        let settings = Settings::from_document(&document).expect("is valid");
        assert_eq!(preset.settings(), settings);
        assert_eq!(Preset::by_name(preset.name()), Some(preset));
    }
    assert_eq!(Preset::by_name("nobody"), None);
}

#[test]
fn a_preset_says_only_what_differs_from_the_defaults() {
    let defaults = serde_json::to_value(Settings::default()).expect("serialises");
    for preset in Preset::ALL {
        let document = preset.document();
        for (name, value) in document.as_object().expect("object") {
            let Some(section) = value.as_object().filter(|_| name != "messages" && name != "templates") else {
                assert!(value != &defaults[name] || value.is_object(), "{}: {name}", preset.name());
                continue;
            };
            for (field, value) in section {
                assert_ne!(value, &defaults[name][field], "{}: {name}.{field}", preset.name());
            }
        }
    }
}

/// The settings that the requirements name, with the criterion.
#[test]
fn presets_have_the_settings_that_the_criteria_name() {
    let table: &[(&str, Preset, &str, Value)] = &[
        ("S0-03", Preset::Ipi, "/enrolment/recommended_app", json!("IPI Authenticator")),
        ("S0-03", Preset::Ipi, "/enrolment/trigger", json!(["profile"])),
        ("S0-04", Preset::Ipi, "/methods/allowed", json!(["totp"])),
        ("S0-06", Preset::Ipi, "/recovery_codes/enabled", json!(true)),
        ("S0-08", Preset::Ipi, "/recovery_codes/count", json!(10)),
        ("S0-08", Preset::Ipi, "/recovery_codes/length", json!(8)),
        ("S0-09", Preset::Ipi, "/recovery/paths/0", json!("recovery_code")),
        ("S0-12", Preset::Ipi, "/reauth/disable", json!("confirm")),
        ("S0-13", Preset::Ipi, "/recovery_codes/on_disable", json!("revoke")),
        ("S0-14", Preset::Ipi, "/recovery_codes/on_authenticator_reset", json!("keep")),
        ("S0-14", Preset::Ipi, "/self_reset", json!("if_may_toggle")),
        ("S1-05", Preset::Hideez, "/recovery_codes/count", json!(10)),
        ("S1-05", Preset::Hideez, "/recovery_codes/length", json!(8)),
        ("S1-06", Preset::Hideez, "/recovery_codes/self_regenerate", json!(true)),
        ("S1-06", Preset::Hideez, "/reauth/regenerate", json!("confirm")),
        ("S1-07", Preset::Hideez, "/self_reset", json!("if_may_toggle")),
        ("S2-03", Preset::AccountProfile, "/enrolment/trigger", json!(["next_login"])),
        ("S2-05", Preset::AccountProfile, "/policy", json!("optional")),
        ("S2-08", Preset::AccountProfile, "/totp/period_secs", json!(30)),
        ("S2-08", Preset::AccountProfile, "/totp/skew_steps", json!(0)),
        ("S2-13", Preset::AccountProfile, "/login/disable_when_unconfigured", json!("if_may_toggle")),
        ("S2-14", Preset::AccountProfile, "/recovery/paths", json!(["account_admin", "support"])),
        ("S2-14", Preset::AccountProfile, "/recovery_codes/enabled", json!(false)),
        ("S2-16", Preset::AccountProfile, "/self_reset", json!("with_verified_session")),
        ("S3-02", Preset::Ipserverone, "/methods/allowed", json!(["totp", "email", "sms"])),
        ("S3-03", Preset::Ipserverone, "/reauth/enable", json!("password")),
        ("S3-05", Preset::Ipserverone, "/destination/source", json!("registered")),
        ("S3-08", Preset::Ipserverone, "/reauth/disable", json!("password")),
        ("S3-09", Preset::Ipserverone, "/methods/switch", json!("disable_first")),
        ("S3-09", Preset::Ipserverone, "/methods/max_active", json!(1)),
        ("S4-01", Preset::Hostkey, "/enrolment/trigger", json!(["profile", "prompt"])),
        ("S4-02", Preset::Hostkey, "/methods/allowed", json!(["totp", "email", "sms"])),
        ("S4-03", Preset::Hostkey, "/methods/max_active", json!(1)),
        ("S4-04", Preset::Hostkey, "/totp/issuer", json!("HOSTKEY")),
        ("S4-04", Preset::Hostkey, "/totp/digits", json!(6)),
        ("S4-07", Preset::Hostkey, "/recovery/paths", json!(["support"])),
        ("S4-07", Preset::Hostkey, "/recovery_codes/enabled", json!(false)),
        ("S4-07", Preset::Hostkey, "/self_reset", json!("never")),
        ("S4-08", Preset::Hostkey, "/destination/source", json!("entered")),
    ];
    for (criterion, preset, pointer, wanted) in table {
        let effective = serde_json::to_value(preset.settings()).expect("serialises");
        assert_eq!(effective.pointer(pointer), Some(wanted), "{criterion} {} {pointer}", preset.name());
    }
}

/// The texts that the requirements put in quotation marks.
#[test]
fn presets_carry_the_literal_texts_of_the_criteria() {
    let table = [
        ("S0-03", Preset::Ipi, "action.enrol", "Add OTP app"),
        ("S0-10", Preset::Ipi, "action.recovery_login", "Log in with a recovery code"),
        ("S0-11", Preset::Ipi, "action.disable", "Disable 2FA"),
        ("S0-12", Preset::Ipi, "disabled", "Two-factor authentication is disabled."),
        ("S1-02", Preset::Hideez, "action.enrol", "Add authenticator app"),
        ("S1-07", Preset::Hideez, "disabled", "Two-factor authentication is disabled. But you can always resume it."),
        ("S2-02", Preset::AccountProfile, "action.use_2fa", "Use 2FA"),
        ("S2-04", Preset::AccountProfile, "action.may_toggle", "Can toggle the use of 2FA"),
        ("S2-11", Preset::AccountProfile, "verify.wrong_code", "Otp invalid!"),
        ("S2-11", Preset::AccountProfile, "verify.expired", "Otp invalid!"),
        ("S2-13", Preset::AccountProfile, "action.disable", "Disable 2FA"),
        ("S2-15", Preset::AccountProfile, "action.reset", "Reset 2FA"),
        ("S3-04", Preset::Ipserverone, "action.verify", "Verify"),
        ("S3-07", Preset::Ipserverone, "status.enabled", "Enabled"),
        (
            "S4-06",
            Preset::Hostkey,
            "enrol.confirmed.totp",
            "Code successfully verified. 2FA method will be set to TOTP",
        ),
        ("S4-08", Preset::Hostkey, "enrol.sent.email", "The code was sent to the email address provided"),
        (
            "S4-10",
            Preset::Hostkey,
            "enrol.confirmed.email",
            "Code successfully verified. 2FA method will be set to mail.",
        ),
        ("S4-11", Preset::Hostkey, "enrol.confirmed.sms", "Code successfully verified, 2FA method set to SMS"),
        ("S4-13", Preset::Hostkey, "action.disable", "Disable 2FA"),
        ("S4-13", Preset::Hostkey, "disabled", "Your 2FA settings have been successfully deleted"),
    ];
    for (criterion, preset, id, wanted) in table {
        assert_eq!(text(&preset.settings(), None, id), wanted, "{criterion} {id}");
        assert_eq!(text(&preset.settings(), Some("en"), id), wanted, "{criterion} {id}");
    }
}

#[test]
fn s4_09_the_subject_of_the_enrolment_mail() {
    let settings = Preset::Hostkey.settings();
    let subject = settings.templates.get("en").and_then(|texts| texts.get("enrolment_code.subject"));
    assert_eq!(subject.map(String::as_str), Some("HOSTKEY: email verification code"));
}

#[test]
fn methods_that_need_a_channel_are_known_from_the_preset() {
    for preset in Preset::ALL {
        let channels: BTreeSet<Channel> =
            preset.settings().methods.allowed.iter().filter_map(|m: &Method| m.channel()).collect();
        let wanted = matches!(preset, Preset::Ipserverone | Preset::Hostkey);
        assert_eq!(!channels.is_empty(), wanted, "{}", preset.name());
    }
}
