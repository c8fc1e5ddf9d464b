use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::presets::Preset;
use crate::settings::{PolicyMode, Settings, SettingsError};
use crate::{Channel, KeyId, KeyedHash, Mode, Sealed, Timestamp};

fn create(name: &str, document: Value) -> TenantCommand {
    TenantCommand::Create { name: name.to_owned(), preset: None, document }
}

fn run(tenant: &mut Tenant, command: &TenantCommand) -> Result<Vec<&'static str>, TenantRefusal> {
    let events = decide_tenant(tenant, command)?;
    for event in &events {
        evolve_tenant(tenant, event, Timestamp::from_secs(1));
    }
    Ok(events.iter().map(TenantEvent::name).collect())
}

fn made(name: &str) -> Tenant {
    let mut tenant = Tenant::default();
    assert_eq!(run(&mut tenant, &create(name, json!({}))), Ok(vec!["tenant.created"]));
    tenant
}

fn key(n: u8, scopes: &[Scope]) -> ApiKeyRecord {
    ApiKeyRecord {
        id: KeyId::from_bytes([n; 16]),
        hash: KeyedHash::new([n; 32]),
        mode: Mode::Live,
        scopes: scopes.iter().copied().collect(),
        label: "panel".to_owned(),
    }
}

#[test]
fn a_tenant_is_made_once_from_a_valid_document() {
    let mut tenant = made("acme");
    assert_eq!(tenant.created_at, Timestamp::from_secs(1));
    assert_eq!(run(&mut tenant, &create("acme", json!({}))), Err(TenantRefusal::Exists));
    let mut fresh = Tenant::default();
    for bad in ["", "Acme", "a b", "a.b", "a*", "ä", &"a".repeat(65)] {
        assert_eq!(run(&mut fresh, &create(bad, json!({}))), Err(TenantRefusal::BadName), "{bad:?}");
    }
    for bad in [json!([]), json!({"no_such": 1}), json!({"totp": {"digits": 7}})] {
        assert!(matches!(run(&mut fresh, &create("acme", bad)), Err(TenantRefusal::Settings(_))));
    }
    for preset in Preset::ALL {
        let mut tenant = Tenant::default();
        run(&mut tenant, &create(preset.name(), preset.document())).expect("made");
        assert_eq!(*tenant.settings, preset.settings());
    }
}

#[test]
fn nothing_can_be_asked_of_a_tenant_that_is_not_there() {
    let commands = [
        TenantCommand::PatchSettings { patch: json!({}) },
        TenantCommand::CreateApiKey(key(1, &[Scope::Login])),
        TenantCommand::RevokeApiKey(KeyId::from_bytes([1; 16])),
        TenantCommand::ConfigureChannel { channel: Channel::Email, config: Sealed::new(vec![1]) },
        TenantCommand::RemoveChannel(Channel::Email),
        TenantCommand::Suspend,
        TenantCommand::Resume,
    ];
    for command in commands {
        assert_eq!(run(&mut Tenant::default(), &command), Err(TenantRefusal::NotFound));
    }
}

#[test]
fn settings_are_merged_checked_as_a_whole_and_unchanged_ones_make_no_event() {
    let mut tenant = made("acme");
    let patch = |patch| TenantCommand::PatchSettings { patch };
    let set = patch(json!({"policy": "required", "totp": {"digits": 8}}));
    assert_eq!(run(&mut tenant, &set), Ok(vec!["tenant.settings_changed"]));
    assert_eq!(run(&mut tenant, &set), Ok(vec![]));
    assert_eq!((tenant.settings.policy, tenant.settings.totp.digits), (PolicyMode::Required, 8));
    run(&mut tenant, &patch(json!({"totp": {"period_secs": 60}, "policy": null}))).expect("merged");
    assert_eq!(tenant.document, json!({"totp": {"digits": 8, "period_secs": 60}}));
    let before = tenant.clone();
    for bad in [json!({"totp": {"digits": 7}}), json!({"totp": {"digit": 6}}), json!("text"), json!({"policy": "on"})] {
        assert!(matches!(run(&mut tenant, &patch(bad)), Err(TenantRefusal::Settings(_))));
    }
    assert_eq!(tenant, before);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let document = json!({
        "brand": "a:b", "default_locale": "E", "grace_days": 400,
        "methods": {"allowed": [], "max_active": 0}, "enrolment": {"trigger": []},
        "totp": {"digits": 7, "skew_steps": 2}, "codes": {"ttl_secs": 60, "resend_after_secs": 61},
        "reauth": {"enable": "code"}, "recovery": {"paths": ["support", "support"]},
        "messages": {"en": {"no.such": "x", "verify.ok": "\u{7}"}}, "sms": {"countries": ["de"]}
    });
    let Err(SettingsError::Fields(found)) = Settings::from_document(&document) else { panic!("accepted") };
    let fields: BTreeSet<&str> = found.iter().map(|error| error.field.as_str()).collect();
    for field in [
        "brand",
        "default_locale",
        "grace_days",
        "methods.allowed",
        "methods.max_active",
        "enrolment.trigger",
        "totp.digits",
        "totp.skew_steps",
        "codes.resend_after_secs",
        "reauth.enable",
        "recovery.paths",
        "messages.en.no.such",
        "messages.en.verify.ok",
        "sms",
    ] {
        assert!(fields.contains(field), "{field} in {fields:?}");
    }
}

#[test]
fn c19_a_document_that_later_bounds_refuse_is_still_followed_and_an_unreadable_one_changes_nothing() {
    let mut tenant = made("acme");
    let changed = |document| TenantEvent::SettingsChanged { document };
    evolve_tenant(&mut tenant, &changed(json!({"policy": "required", "totp": {"period_secs": 600}})), Timestamp(2));
    assert_eq!((tenant.settings.policy, tenant.settings.totp.period_secs), (PolicyMode::Required, 600));
    evolve_tenant(&mut tenant, &changed(json!({"policy": "optional", "of_a_later_version": 1})), Timestamp(3));
    assert_eq!(tenant.settings.policy, PolicyMode::Required, "never weaker by accident");
}

#[test]
fn keys_are_made_and_revoked() {
    let mut tenant = made("acme");
    let create = TenantCommand::CreateApiKey(key(1, &[Scope::Login, Scope::Users]));
    assert_eq!(run(&mut tenant, &create), Ok(vec!["api_key.created"]));
    let revoke = TenantCommand::RevokeApiKey(KeyId::from_bytes([1; 16]));
    assert_eq!(run(&mut tenant, &revoke), Ok(vec!["api_key.revoked"]));
    assert!(tenant.keys.is_empty());
    assert_eq!(run(&mut tenant, &revoke), Err(TenantRefusal::KeyNotFound));
    for label in ["", "  ", "a\nb", &"x".repeat(65)] {
        let record = ApiKeyRecord { label: label.to_owned(), ..key(2, &[Scope::Login]) };
        assert_eq!(run(&mut tenant, &TenantCommand::CreateApiKey(record)), Err(TenantRefusal::BadLabel));
    }
    for n in 0..100 {
        run(&mut tenant, &TenantCommand::CreateApiKey(key(n, &Scope::TENANT))).expect("made");
    }
    assert_eq!(run(&mut tenant, &create), Err(TenantRefusal::TooManyKeys));
}

#[test]
fn operator_keys_belong_to_the_platform_and_to_nobody_else() {
    let mut acme = made("acme");
    let mut platform = made(PLATFORM);
    let create = |scopes: &[Scope]| TenantCommand::CreateApiKey(key(1, scopes));
    for scopes in [&[][..], &[Scope::Operator], &[Scope::Operator, Scope::Users]] {
        assert_eq!(run(&mut acme, &create(scopes)), Err(TenantRefusal::BadScopes));
    }
    for scopes in [&[][..], &[Scope::Users], &[Scope::Operator, Scope::Users]] {
        assert_eq!(run(&mut platform, &create(scopes)), Err(TenantRefusal::BadScopes), "{scopes:?}");
    }
    run(&mut platform, &create(&[Scope::Operator])).expect("made");
}

#[test]
fn channels_and_suspension() {
    let mut tenant = made("acme");
    let config = Sealed::new(vec![1]);
    let set = TenantCommand::ConfigureChannel { channel: Channel::Sms, config: config.clone() };
    assert_eq!(run(&mut tenant, &set), Ok(vec!["channel.configured"]));
    assert_eq!(tenant.channels.get(&Channel::Sms), Some(&config));
    assert_eq!(run(&mut tenant, &TenantCommand::RemoveChannel(Channel::Email)), Ok(vec![]));
    assert_eq!(run(&mut tenant, &TenantCommand::RemoveChannel(Channel::Sms)), Ok(vec!["channel.removed"]));
    assert!(tenant.channels.is_empty());
    for (command, events, suspended) in [
        (TenantCommand::Resume, vec![], false),
        (TenantCommand::Suspend, vec!["tenant.suspended"], true),
        (TenantCommand::Suspend, vec![], true),
        (TenantCommand::Resume, vec!["tenant.resumed"], false),
    ] {
        assert_eq!(run(&mut tenant, &command), Ok(events));
        assert_eq!(tenant.suspended, suspended);
    }
}

#[test]
fn account_overrides_are_checked_over_the_tenants_document() {
    let tenant = made("acme");
    let (mut account, id) = (Account::default(), Sealed::new(vec![1]));
    let overrides = json!({"user_may_toggle": false, "policy": "required"});
    let events = decide_account(&account, &tenant.document, &id, &overrides).expect("valid");
    for event in &events {
        evolve_account(&mut account, event);
    }
    assert_eq!((account.panel_id.as_ref(), &account.overrides), (Some(&id), &overrides));
    assert_eq!(decide_account(&account, &tenant.document, &id, &overrides), Ok(Vec::new()));
    let (_, effective) = Settings::overlay(&tenant.document, &account.overrides).expect("valid");
    assert!(!effective.user_may_toggle && effective.policy == PolicyMode::Required);
    for bad in [json!(null), json!([]), json!({"totp": {"digits": 5}}), json!({"unknown": true})] {
        assert!(decide_account(&account, &tenant.document, &id, &bad).is_err(), "{bad}");
    }
    let none = decide_account(&account, &tenant.document, &id, &json!({})).expect("valid");
    assert_eq!(none[0].name(), "account.overrides_set");
}
