//! A provider with an HTTP interface, as the tenant describes it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ConfigErrors;
use super::secret::{exposed, is_sendable};
use super::sms::is_http_url;
use crate::template::sandbox;
use crate::transport::line::is_one_line;

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

fn post() -> String {
    "POST".to_owned()
}

fn usual_success() -> Vec<u16> {
    vec![200, 201, 202, 204]
}

impl HttpSmsConfig {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
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

    pub(super) fn fields(&self, clear: bool) -> Value {
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
