//! A tenant's channels as the tenant writes them.
//!
//! Neither channel implements `Serialize`: they hold credentials. `expose` is the one way out, for sealing, and
//! `redacted` the one for showing.

mod email;
mod error;
mod secret;
mod sms;

pub use self::email::{EmailChannel, EmailTransport, TlsMode};
pub use self::error::{ConfigErrors, FieldError};
pub use self::sms::{BodyFormat, HttpSmsConfig, SmsChannel, SmsProvider, TwilioConfig};

/// Longest time one attempt may take, and the default, in milliseconds.
pub const TIMEOUT_MAX_MS: u64 = 30_000;
const TIMEOUT_DEFAULT_MS: u64 = 10_000;
const TIMEOUT_MIN_MS: u64 = 100;

fn default_timeout_ms() -> u64 {
    TIMEOUT_DEFAULT_MS
}

fn check_timeout(errors: &mut ConfigErrors, timeout_ms: u64) {
    errors.require("timeout_ms", (TIMEOUT_MIN_MS..=TIMEOUT_MAX_MS).contains(&timeout_ms), "must be from 100 to 30000");
}
