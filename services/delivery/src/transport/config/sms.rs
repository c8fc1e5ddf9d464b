//! The SMS channel.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::secret::{exposed, is_sendable};
use super::{ConfigErrors, check_timeout, default_timeout_ms};
use crate::template::sandbox;
use crate::transport::line::{is_e164, is_one_line};

/// How text messages leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsProvider {
    /// Into a local directory.
    #[default]
    Outbox,
    /// Twilio's Messages resource.
    Twilio,
    /// A provider described by URL, headers and body.
    Http,
}

/// A tenant's SMS channel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsChannel {
    /// `twilio`, `http` or `outbox`.
    pub provider: SmsProvider,
    /// For one whole attempt; 100 to 30,000, default 10,000.
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    /// With `twilio`.
    #[serde(default)]
    pub twilio: Option<TwilioConfig>,
    /// With `http`.
    #[serde(default)]
    pub http: Option<HttpSmsConfig>,
}

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

/// How the body of a request is written, and so how values in it are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// `application/json`; `{{ to }}` becomes a JSON string, quotes included.
    Json,
    /// `application/x-www-form-urlencoded`; `{{ to }}` becomes its percent-encoded form.
    Form,
}

/// A provider with an HTTP interface.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSmsConfig {
    /// Where to send the request.
    pub url: String,
    /// `POST` or `PUT`.
    #[serde(default = "post")]
    pub method: String,
    /// Further headers, at most 16. All are treated as credentials.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    /// `json` or `form`.
    pub format: BodyFormat,
    /// The body, with `to`, `to_digits`, `body`, `reference` and `validity_secs`.
    pub body: String,
    /// Answers that mean "accepted".
    #[serde(default = "usual_success")]
    pub success_status: Vec<u16>,
}

fn twilio_base_url() -> String {
    "https://api.twilio.com".to_owned()
}

fn post() -> String {
    "POST".to_owned()
}

fn usual_success() -> Vec<u16> {
    vec![200, 201, 202, 204]
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a text is an absolute HTTP address without credentials or fragment.
fn is_http_url(text: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(text) else { return false };
    text.len() <= 1024
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
        && matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

impl SmsChannel {
    /// Checks every field.
    ///
    /// # Errors
    /// All the defects, not only the first.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::default();
        check_timeout(&mut errors, self.timeout_ms);
        errors.require(
            "twilio",
            self.twilio.is_some() == (self.provider == SmsProvider::Twilio),
            "goes with provider twilio",
        );
        errors.require("http", self.http.is_some() == (self.provider == SmsProvider::Http), "goes with provider http");
        if let Some(twilio) = &self.twilio {
            twilio.check(&mut errors);
        }
        if let Some(http) = &self.http {
            http.check(&mut errors);
        }
        errors.into_result()
    }

    /// The whole channel as JSON, credentials included: for sealing, nothing else. Reads back with `serde_json`.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(self.fields(true).to_string())
    }

    /// The channel as JSON for showing: `…_set` in the place of every credential, header names without values.
    pub fn redacted(&self) -> Value {
        self.fields(false)
    }

    fn fields(&self, clear: bool) -> Value {
        json!({
            "provider": self.provider, "timeout_ms": self.timeout_ms,
            "twilio": self.twilio.as_ref().map(|t| t.fields(clear)),
            "http": self.http.as_ref().map(|h| h.fields(clear)),
        })
    }
}

impl TwilioConfig {
    fn check(&self, errors: &mut ConfigErrors) {
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

    fn fields(&self, clear: bool) -> Value {
        let mut all = json!({
            "base_url": self.base_url, "account_sid": self.account_sid, "api_key_sid": self.api_key_sid,
            "from": self.from, "messaging_service_sid": self.messaging_service_sid,
            "status_callback": self.status_callback,
        });
        if clear {
            all["auth_token"] = exposed(self.auth_token.as_ref());
            all["api_key_secret"] = exposed(self.api_key_secret.as_ref());
        } else {
            all["auth_token_set"] = Value::Bool(self.auth_token.is_some());
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

impl HttpSmsConfig {
    fn check(&self, errors: &mut ConfigErrors) {
        errors.require("http.url", is_http_url(&self.url), "must be an http or https URL without credentials");
        errors.require("http.method", matches!(self.method.as_str(), "POST" | "PUT"), "must be POST or PUT");
        let names = self.headers.keys().all(|name| is_free_header(name));
        errors.require("http.headers", names && self.headers.len() <= 16, "must be at most 16 and none of HTTP's own");
        let values = self
            .headers
            .values()
            .all(|value| is_sendable(value) && is_one_line(value.expose_secret()) && value.expose_secret().is_ascii());
        errors.require("http.headers", values, "must have values of one ASCII line");
        let statuses = &self.success_status;
        let good = !statuses.is_empty() && statuses.len() <= 16 && statuses.iter().all(|s| (200..300).contains(s));
        errors.require("http.success_status", good, "must be 1 to 16 numbers from 200 to 299");
        let body = crate::transport::http_sms::check_body(self.format, &self.body);
        errors.require(
            "http.body",
            body.is_ok(),
            "must be a template giving a valid body from to, to_digits, body, reference, validity_secs",
        );
        errors.require("http.body", self.body.len() <= sandbox::SOURCE_MAX, "must be at most 16384 bytes");
    }

    fn fields(&self, clear: bool) -> Value {
        let mut all = json!({
            "url": self.url, "method": self.method, "format": self.format, "body": self.body,
            "success_status": self.success_status,
        });
        if clear {
            let headers = self.headers.iter().map(|(k, v)| (k.clone(), exposed(Some(v)))).collect();
            all["headers"] = Value::Object(headers);
        } else {
            all["header_names"] = self.headers.keys().cloned().collect::<Value>();
        }
        all
    }
}

/// A header a tenant may set: a token, and none that HTTP or this sender needs for itself.
fn is_free_header(name: &str) -> bool {
    const OURS: [&str; 9] = [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "trailer",
        "expect",
    ];
    let token =
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    token && !OURS.contains(&name.to_ascii_lowercase().as_str()) && !name.to_ascii_lowercase().starts_with("proxy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "AC0123456789abcdef0123456789abcdef";

    fn twilio(extra: &str) -> SmsChannel {
        serde_json::from_str(&format!(r#"{{"provider":"twilio","twilio":{{"account_sid":"{SID}"{extra}}}}}"#))
            .expect("readable")
    }

    fn http(extra: &str) -> SmsChannel {
        let text = format!(r#"{{"provider":"http","http":{{"url":"https://sms.example/send"{extra}}}}}"#);
        serde_json::from_str(&text).expect("readable")
    }

    fn defects(channel: &SmsChannel) -> Vec<&'static str> {
        channel.validate().err().unwrap_or_default().0.iter().map(|e| e.field).collect()
    }

    #[test]
    fn twilio_needs_one_sender_and_one_credential() {
        let mg = "MG0123456789abcdef0123456789abcdef";
        let none: [&str; 0] = [];
        assert_eq!(defects(&twilio(r#","auth_token":"t","from":"+15005550006""#)), none);
        assert_eq!(defects(&twilio(&format!(r#","auth_token":"t","messaging_service_sid":"{mg}""#))), none);
        let key = format!(r#","api_key_sid":"SK{0}","api_key_secret":"s","from":"HOSTKEY""#, &SID[2..]);
        assert_eq!(defects(&twilio(&key)), none);
        assert_eq!(defects(&twilio(r#","auth_token":"t""#)), ["twilio.from"]);
        assert_eq!(
            defects(&twilio(&format!(r#","auth_token":"t","from":"+15005550006","messaging_service_sid":"{mg}""#))),
            ["twilio.from"]
        );
        assert_eq!(defects(&twilio(r#","from":"+15005550006""#)), ["twilio.auth_token"]);
        assert_eq!(
            defects(&twilio(r#","auth_token":"t","api_key_sid":"SKx","from":"+15005550006""#)),
            ["twilio.auth_token", "twilio.api_key_sid"]
        );
        assert_eq!(defects(&twilio(r#","auth_token":"t\r\nX: y","from":"+15005550006""#)), ["twilio.auth_token"]);
        assert_eq!(defects(&twilio(r#","auth_token":"t","from":"+1500\n555""#)), ["twilio.from"]);
        for base in ["ftp://a", "https://u:p@a.example", "https://a.example/?x", "https://a.example/#x", "//a", "x"] {
            let channel = twilio(&format!(r#","auth_token":"t","from":"12345","base_url":"{base}""#));
            assert_eq!(defects(&channel), ["twilio.base_url"], "{base}");
        }
    }

    #[test]
    fn an_http_channel_is_checked_whole() {
        let none: [&str; 0] = [];
        let json = r#","format":"json","body":"{\"to\": {{ to }}, \"text\": {{ body }}}""#;
        assert_eq!(defects(&http(json)), none);
        assert_eq!(
            defects(&http(r#","format":"form","body":"to={{ to_digits }}&text={{ body }}&ttl={{ validity_secs }}""#)),
            none
        );
        for (extra, field) in [
            (r#","method":"GET""#, "http.method"),
            (r#","headers":{"Host":"a"}"#, "http.headers"),
            (r#","headers":{"X-Key":"a\r\nX: b"}"#, "http.headers"),
            (r#","headers":{"X Key":"a"}"#, "http.headers"),
            (r#","success_status":[]"#, "http.success_status"),
            (r#","success_status":[302]"#, "http.success_status"),
        ] {
            assert_eq!(defects(&http(&format!("{json}{extra}"))), [field], "{extra}");
        }
        for body in [
            r#"{\"to\": \"{{ to }}\"}"#,
            r#"{\"to\": {{ too }}}"#,
            r#"{\"to\": {{ to|safe }}}"#,
            "{{ to",
            r#"{\"text\": {{ body }}}"#,
            r#"{\"to\": {{ to }}, \"t\": {{ body }}"#,
        ] {
            assert_eq!(defects(&http(&format!(r#","format":"json","body":"{body}""#))), ["http.body"], "{body}");
        }
    }

    #[test]
    fn credentials_leave_by_one_door_only() {
        let extra = r#","format":"json","body":"{\"to\":{{ to }},\"text\":{{ body }}}","headers":{"X-Key":"canary-2"}"#;
        for (channel, canary) in
            [(twilio(r#","auth_token":"canary-1","from":"12345""#), "canary-1"), (http(extra), "canary-2")]
        {
            assert_eq!(channel.validate(), Ok(()));
            assert!(!format!("{channel:?} {}", channel.redacted()).contains(canary));
            assert!(channel.expose().contains(canary));
            let again: SmsChannel = serde_json::from_str(&channel.expose()).expect("reads back");
            assert_eq!(*again.expose(), *channel.expose());
        }
    }
}
