//! A Twilio account.

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ConfigErrors;
use super::secret::{exposed, is_sendable};
use super::sms::is_http_url;
use crate::transport::line::is_e164;

/// A Twilio account. Either `auth_token` or both `api_key_sid` and `api_key_secret`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioConfig {
    /// Another region's or a stand-in's address.
    #[serde(default = "twilio_base_url")]
    pub base_url: String,
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The account's token.
    #[serde(default)]
    pub auth_token: Option<SecretString>,
    /// Callbacks may be signed with this one as well: the token before a rotation, or the account's token where messages
    /// are sent with an API key.
    #[serde(default)]
    pub previous_auth_token: Option<SecretString>,
    /// `SK` and 32 hexadecimal digits.
    #[serde(default)]
    pub api_key_sid: Option<String>,
    /// The API key's secret.
    #[serde(default)]
    pub api_key_secret: Option<SecretString>,
    /// An E.164 number, a short code, or a sender name of at most 11 characters. Or else:
    #[serde(default)]
    pub from: Option<String>,
    /// `MG` and 32 hexadecimal digits.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// Where Twilio reports what became of a message.
    #[serde(default)]
    pub status_callback: Option<String>,
}

fn twilio_base_url() -> String {
    "https://api.twilio.com".to_owned()
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl TwilioConfig {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        let base_fits = is_http_url(&self.base_url) && !self.base_url.contains('?');
        errors.require("twilio.base_url", base_fits, "must be an http or https URL without query");
        errors.require("twilio.account_sid", is_sid(&self.account_sid, "AC"), "must be AC and 32 hexadecimal digits");
        let by_token = self.auth_token.is_some();
        let by_key = self.api_key_sid.is_some() && self.api_key_secret.is_some();
        let half_key = self.api_key_sid.is_some() != self.api_key_secret.is_some();
        errors.require(
            "twilio.auth_token",
            by_token != by_key && !half_key,
            "or api_key_sid with api_key_secret: exactly one",
        );
        errors.require("twilio.auth_token", self.auth_token.as_ref().is_none_or(is_sendable), "must be one line");
        errors.require(
            "twilio.previous_auth_token",
            self.previous_auth_token.as_ref().is_none_or(is_sendable),
            "must be one line",
        );
        errors.require(
            "twilio.api_key_secret",
            self.api_key_secret.as_ref().is_none_or(is_sendable),
            "must be one line",
        );
        let key_fits = self.api_key_sid.as_deref().is_none_or(|s| is_sid(s, "SK"));
        errors.require("twilio.api_key_sid", key_fits, "must be SK and 32 hexadecimal digits");
        let one_sender = self.from.is_some() != self.messaging_service_sid.is_some();
        errors.require("twilio.from", one_sender, "or messaging_service_sid: exactly one");
        errors.require(
            "twilio.from",
            self.from.as_deref().is_none_or(is_sms_sender),
            "must be a number or a sender name",
        );
        let service_fits = self.messaging_service_sid.as_deref().is_none_or(|s| is_sid(s, "MG"));
        errors.require("twilio.messaging_service_sid", service_fits, "must be MG and 32 hexadecimal digits");
        let callback_fits = self.status_callback.as_deref().is_none_or(is_http_url);
        errors.require("twilio.status_callback", callback_fits, "must be an http or https URL");
    }

    pub(super) fn fields(&self, clear: bool) -> Value {
        let mut all = json!({
            "base_url": self.base_url, "account_sid": self.account_sid, "api_key_sid": self.api_key_sid,
            "from": self.from, "messaging_service_sid": self.messaging_service_sid,
            "status_callback": self.status_callback,
        });
        if clear {
            all["auth_token"] = exposed(self.auth_token.as_ref());
            all["previous_auth_token"] = exposed(self.previous_auth_token.as_ref());
            all["api_key_secret"] = exposed(self.api_key_secret.as_ref());
        } else {
            all["auth_token_set"] = Value::Bool(self.auth_token.is_some());
            all["previous_auth_token_set"] = Value::Bool(self.previous_auth_token.is_some());
            all["api_key_secret_set"] = Value::Bool(self.api_key_secret.is_some());
        }
        all
    }
}

/// A number, a short code, or a name of 1 to 11 letters, digits and spaces with a letter among them.
fn is_sms_sender(text: &str) -> bool {
    let short_code = (3..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let name = (1..=11).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'_' | b'&' | b'+'))
        && text.bytes().any(|b| b.is_ascii_alphabetic());
    is_e164(text) || short_code || name
}
