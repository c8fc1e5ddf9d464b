//! The SMS channel.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{ConfigErrors, HttpSmsConfig, TwilioConfig, check_pace, check_timeout, default_timeout_ms, put_if_set};

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
    /// Its name among several; `default` when there is only one.
    #[serde(default)]
    pub name: Option<String>,
    /// Countries whose numbers it serves (ISO 3166 alpha-2, such as `DE`), at most 250; every country unless told.
    #[serde(default)]
    pub countries: BTreeSet<String>,
    /// Messages handed over at once by one process, 1 to 256.
    #[serde(default)]
    pub max_in_flight: Option<u32>,
    /// Messages handed over in a second by one process, 1 to 10,000; no limit unless told.
    #[serde(default)]
    pub max_per_second: Option<u32>,
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

/// Whether a text is an absolute HTTP address without credentials or fragment.
pub(super) fn is_http_url(text: &str) -> bool {
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
        check_pace(&mut errors, self.max_in_flight, self.max_per_second);
        let countries = self.countries.len() <= 250 && self.countries.iter().all(|country| is_country(country));
        errors.require("countries", countries, "must be at most 250 codes of two capital letters, such as DE");
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
        let mut fields = json!({
            "provider": self.provider, "timeout_ms": self.timeout_ms,
            "twilio": self.twilio.as_ref().map(|t| t.fields(clear)),
            "http": self.http.as_ref().map(|h| h.fields(clear)),
        });
        put_if_set(&mut fields, "name", self.name.as_deref());
        put_if_set(&mut fields, "countries", Some(&self.countries).filter(|all| !all.is_empty()));
        put_if_set(&mut fields, "max_in_flight", self.max_in_flight);
        put_if_set(&mut fields, "max_per_second", self.max_per_second);
        fields
    }
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
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
