//! Parameters of a time-based one-time password (RFC 6238) and the channels and factors there are.

use serde::{Deserialize, Serialize};

/// The HMAC hash of a TOTP factor. SHA-1 is what every authenticator app understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// HMAC-SHA-1, the default of RFC 6238.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name as `otpauth://` URIs and people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// How a TOTP factor computes and accepts codes. Fixed at enrolment, so a change of settings breaks no factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TotpParams {
    /// Digits of a code, 6 or 8.
    pub digits: u8,
    /// Seconds a step lasts, 15 to 120.
    pub period_secs: u32,
    /// Steps accepted either side of now, 0 or 1 (RFC 6238 section 5.2, C4).
    pub skew_steps: u8,
    /// The HMAC hash.
    pub algorithm: Algorithm,
}

impl Default for TotpParams {
    fn default() -> Self {
        Self { digits: 6, period_secs: 30, skew_steps: 1, algorithm: Algorithm::Sha1 }
    }
}

/// The way a second factor proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Authenticator app (TOTP).
    Totp,
    /// Code by e-mail. Not an out-of-band authenticator in the sense of NIST SP 800-63B (C11).
    Email,
    /// Code by SMS.
    Sms,
}

impl Method {
    /// Every method, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Totp, Self::Email, Self::Sms];

    /// The stable name in URLs, JSON and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// The channel a code of this method travels on; none for an authenticator app.
    pub const fn channel(self) -> Option<Channel> {
        match self {
            Self::Totp => None,
            Self::Email => Some(Channel::Email),
            Self::Sms => Some(Channel::Sms),
        }
    }
}

/// A way to carry a message to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

impl Channel {
    /// The stable name in subjects, JSON and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// What an attempt budget belongs to: one per method, and one for recovery codes (invariant 3, C25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// Authenticator app.
    Totp,
    /// E-mail code.
    Email,
    /// SMS code.
    Sms,
    /// Recovery code.
    RecoveryCode,
}

impl FactorKind {
    /// The stable name in JSON and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Sms => "sms",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

impl From<Method> for FactorKind {
    fn from(method: Method) -> Self {
        match method {
            Method::Totp => Self::Totp,
            Method::Email => Self::Email,
            Method::Sms => Self::Sms,
        }
    }
}

/// Live keys and test keys see separate users; test messages never leave the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Real users, real messages.
    Live,
    /// Test users; messages land in the test inbox.
    Test,
}

impl Mode {
    /// The stable name in keys, JSON and events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}
