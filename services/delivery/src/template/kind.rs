//! The messages there are.

use serde::{Deserialize, Serialize};

/// What a message is about. Codes carry a code; notices tell an owner what happened (C16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A code to log in with.
    LoginCode,
    /// A code that proves an address or number while it is being set up.
    EnrolmentCode,
    /// A code to confirm a change with.
    ReauthCode,
    /// Two-factor authentication was switched on.
    TwoFactorEnabled,
    /// It was switched off.
    TwoFactorDisabled,
    /// Everything about it was reset.
    TwoFactorReset,
    /// The authenticator app was replaced or removed.
    AuthenticatorReset,
    /// New recovery codes were made; the old ones are void.
    RecoveryCodesRegenerated,
    /// A recovery code was used to log in.
    RecoveryCodeUsed,
    /// Too many wrong codes.
    FactorLocked,
}

impl MessageKind {
    /// All of them, codes first.
    pub const ALL: [Self; 10] = [
        Self::LoginCode,
        Self::EnrolmentCode,
        Self::ReauthCode,
        Self::TwoFactorEnabled,
        Self::TwoFactorDisabled,
        Self::TwoFactorReset,
        Self::AuthenticatorReset,
        Self::RecoveryCodesRegenerated,
        Self::RecoveryCodeUsed,
        Self::FactorLocked,
    ];

    /// Whether the message carries a code.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::LoginCode | Self::EnrolmentCode | Self::ReauthCode)
    }

    /// The name used in settings and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginCode => "login_code",
            Self::EnrolmentCode => "enrolment_code",
            Self::ReauthCode => "reauth_code",
            Self::TwoFactorEnabled => "two_factor_enabled",
            Self::TwoFactorDisabled => "two_factor_disabled",
            Self::TwoFactorReset => "two_factor_reset",
            Self::AuthenticatorReset => "authenticator_reset",
            Self::RecoveryCodesRegenerated => "recovery_codes_regenerated",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::FactorLocked => "factor_locked",
        }
    }

    /// The variables its texts may use. `user`, `ip` and `at` are empty when unknown.
    pub const fn variables(self) -> &'static [&'static str] {
        if self.has_code() { &["code", "minutes", "brand", "user", "ip", "at"] } else { &["brand", "user", "ip", "at"] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_wire_names() {
        for kind in MessageKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("serialises"), kind.name());
        }
    }
}
