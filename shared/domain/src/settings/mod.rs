//! Tenant settings: every place where the five first customers disagree (see the table in the product requirements).
//! One document per tenant; an account may override any part of it with a partial document.

mod parts;
mod validate;

pub use parts::*;
pub use validate::{FieldError, SettingsError};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The effective rules for one user: the tenant's document with the account's overrides laid over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The provider's name, as shown in mails and messages. 1 to 64 characters.
    pub brand: String,
    /// Language used when the user has none or it is not in the catalogue (BCP 47 primary tag, such as `en`).
    pub default_locale: String,
    /// Whether a second factor is used at all.
    pub policy: PolicyMode,
    /// `required` is only offered, not demanded, until this instant.
    #[serde(with = "parts::rfc3339_option")]
    pub grace_until: Option<Timestamp>,
    /// `required` is only offered during this many days after the user was first seen. 0 to 365.
    pub grace_days: Option<u16>,
    /// When set-up happens.
    pub enrolment: EnrolmentSettings,
    /// Which methods, how many at a time, how to change.
    pub methods: MethodSettings,
    /// Where the address or number of an e-mail or SMS factor comes from.
    pub destination: DestinationSettings,
    /// Recovery codes.
    pub recovery_codes: RecoveryCodeSettings,
    /// What a user must have proved just before a sensitive change (C14).
    pub reauth: ReauthSettings,
    /// Whether users may switch their own second factor on and off. User and account override it.
    pub user_may_toggle: bool,
    /// Behaviour of the login page.
    pub login: LoginSettings,
    /// Whether a user may reset his own factor.
    pub self_reset: SelfReset,
    /// Ways back in, in the order in which a login page offers them.
    pub recovery: RecoverySettings,
    /// Parameters of new authenticator factors.
    pub totp: TotpSettings,
    /// Codes sent by e-mail and SMS.
    pub codes: CodeSettings,
    /// What turning "Use 2FA" off does to the factors.
    pub toggle_off: ToggleOff,
    /// Messages to the owner about changes (C16).
    pub notices: NoticeSettings,
    /// SMS destinations.
    pub sms: SmsSettings,
    /// How codes go out.
    pub delivery: DeliverySettings,
    /// Message texts by locale, then by message id; they win over the built-in catalogue.
    pub messages: MessageOverrides,
    /// Mail and SMS templates by locale, then by kind; checked by the delivery service.
    pub templates: TemplateOverrides,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            brand: "Twofold".to_owned(),
            default_locale: "en".to_owned(),
            policy: PolicyMode::Optional,
            grace_until: None,
            grace_days: None,
            enrolment: EnrolmentSettings::default(),
            methods: MethodSettings::default(),
            destination: DestinationSettings::default(),
            recovery_codes: RecoveryCodeSettings::default(),
            reauth: ReauthSettings::default(),
            user_may_toggle: true,
            login: LoginSettings::default(),
            self_reset: SelfReset::WithVerifiedSession,
            recovery: RecoverySettings::default(),
            totp: TotpSettings::default(),
            codes: CodeSettings::default(),
            toggle_off: ToggleOff::Erase,
            notices: NoticeSettings::default(),
            sms: SmsSettings::default(),
            delivery: DeliverySettings::default(),
            messages: MessageOverrides::new(),
            templates: TemplateOverrides::new(),
        }
    }
}

impl Settings {
    /// Reads a complete or partial document over the defaults and checks it.
    pub fn from_document(document: &serde_json::Value) -> Result<Self, SettingsError> {
        if !document.is_object() {
            return Err(SettingsError::Shape("settings must be a JSON object".to_owned()));
        }
        let settings: Self = serde_path(document).map_err(|error| SettingsError::Shape(error.to_string()))?;
        settings.validate()?;
        Ok(settings)
    }

    /// Reads a document that was checked when it was accepted, by the bounds of that time.
    pub(crate) fn read_unchecked(document: &serde_json::Value) -> Result<Self, SettingsError> {
        serde_path(document).map_err(|error| SettingsError::Shape(error.to_string()))
    }

    /// The document laid over `base` (RFC 7396 merge patch), read and checked as a whole.
    pub fn overlay(
        base: &serde_json::Value,
        patch: &serde_json::Value,
    ) -> Result<(serde_json::Value, Self), SettingsError> {
        let mut merged = base.clone();
        merge_patch(&mut merged, patch);
        let settings = Self::from_document(&merged)?;
        Ok((merged, settings))
    }
}

fn serde_path(document: &serde_json::Value) -> Result<Settings, serde_json::Error> {
    Settings::deserialize(document)
}

/// RFC 7396: `null` removes a member, objects merge, anything else replaces.
pub fn merge_patch(target: &mut serde_json::Value, patch: &serde_json::Value) {
    let serde_json::Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = serde_json::Value::Object(serde_json::Map::new());
    }
    if let serde_json::Value::Object(members) = target {
        for (name, change) in changes {
            if change.is_null() {
                members.remove(name);
            } else {
                merge_patch(members.entry(name.clone()).or_insert(serde_json::Value::Null), change);
            }
        }
    }
}
