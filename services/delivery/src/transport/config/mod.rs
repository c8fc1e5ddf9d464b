//! A tenant's channels as the tenant writes them.
//!
//! Neither channel implements `Serialize`: they hold credentials. `expose` is the one way out, for sealing, and
//! `redacted` the one for showing.

mod email;
mod error;
mod http_sms;
mod providers;
mod secret;
mod sms;
mod twilio;

pub use self::email::{EmailChannel, EmailTransport, TlsMode};
pub use self::error::{ConfigErrors, FieldError};
pub use self::http_sms::{BodyFormat, HttpSmsConfig};
pub use self::providers::{DEFAULT_PROVIDER, PROVIDERS_MAX, ProviderChannel, Providers};
pub use self::sms::{SmsChannel, SmsProvider};
pub use self::twilio::TwilioConfig;

/// Longest time one attempt may take, and the default, in milliseconds.
pub const TIMEOUT_MAX_MS: u64 = 30_000;
const TIMEOUT_DEFAULT_MS: u64 = 10_000;
const TIMEOUT_MIN_MS: u64 = 100;

fn default_timeout_ms() -> u64 {
    TIMEOUT_DEFAULT_MS
}

/// How much a provider takes at once, and in a second.
fn check_pace(errors: &mut ConfigErrors, in_flight: Option<u32>, per_second: Option<u32>) {
    errors.require("max_in_flight", in_flight.is_none_or(|n| (1..=256).contains(&n)), "must be from 1 to 256");
    errors.require("max_per_second", per_second.is_none_or(|n| (1..=10_000).contains(&n)), "must be from 1 to 10000");
}

/// What nobody set is not shown either: a channel of one provider looks as it always did.
fn put_if_set<T: serde::Serialize>(fields: &mut serde_json::Value, name: &str, value: Option<T>) {
    if let Some(value) = value {
        fields[name] = serde_json::json!(value);
    }
}

fn check_timeout(errors: &mut ConfigErrors, timeout_ms: u64) {
    errors.require("timeout_ms", (TIMEOUT_MIN_MS..=TIMEOUT_MAX_MS).contains(&timeout_ms), "must be from 100 to 30000");
}
