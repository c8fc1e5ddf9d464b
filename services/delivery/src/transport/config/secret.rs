//! Credentials in and out of JSON.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Longest credential, in bytes.
const SECRET_MAX: usize = 512;

/// Whether a credential could be sent at all: not empty, bounded, one line.
pub(super) fn is_sendable(secret: &SecretString) -> bool {
    let text = secret.expose_secret();
    !text.is_empty() && text.len() <= SECRET_MAX && !text.chars().any(crate::transport::line::breaks_lines)
}

/// The credential in clear, or null.
pub(super) fn exposed(secret: Option<&SecretString>) -> Value {
    secret.map_or(Value::Null, |s| Value::String(s.expose_secret().to_owned()))
}
