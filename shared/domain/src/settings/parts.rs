//! The sections of the settings document, each with its defaults.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Algorithm, Method, TotpParams};

/// Locale, then message id, then text.
pub type MessageOverrides = BTreeMap<String, BTreeMap<String, String>>;
/// Locale, then template name (`login_code.subject`), then source.
pub type TemplateOverrides = BTreeMap<String, BTreeMap<String, String>>;

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $kind:ty = $default:expr),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind),* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),* }
            }
        }
    };
}

/// Whether a second factor is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyMode {
    /// Never asked for; set-up is refused.
    Off,
    /// Asked for from users who have it, or for whom "Use 2FA" is on.
    Optional,
    /// Asked for from everybody, after the grace period.
    Required,
}

/// When set-up may begin (S0 S1 S3 profile; S2 next login; S4 prompt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// From the logged-in user's profile page.
    Profile,
    /// At the first login after "Use 2FA" was turned on (S2-03).
    NextLogin,
    /// Offered at login, can be skipped (S4-01).
    Prompt,
}

section!(
    /// When set-up happens.
    EnrolmentSettings {
        /// Any of profile, `next_login`, prompt.
        trigger: BTreeSet<Trigger> = BTreeSet::from([Trigger::Profile]),
        /// Seconds an unfinished authenticator set-up stays open. 60 to 3600.
        ttl_secs: u32 = 1800,
        /// Authenticator app the tenant recommends, shown with the set-up (S0-03).
        recommended_app: Option<String> = None,
    }
);

/// How a user changes from one method to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodSwitch {
    /// Disable first, then set up again (S3-09).
    DisableFirst,
    /// The new one replaces the old one in the commit that confirms it.
    ReplaceAtomically,
}

section!(
    /// Methods of the second factor.
    MethodSettings {
        /// Which methods a user may set up. Never empty.
        allowed: BTreeSet<Method> = BTreeSet::from([Method::Totp]),
        /// How many may be active at a time, 1 to 3 (S4-02: one).
        max_active: u8 = 1,
        /// What happens when the limit is reached.
        switch: MethodSwitch = MethodSwitch::DisableFirst,
    }
);

/// Where the address or number of an e-mail or SMS factor comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DestinationSource {
    /// The one the panel registered (S3-05, S3-06).
    Registered,
    /// The one the user enters; it must be proved (S4-08 to S4-11).
    Entered,
    /// Entered if given, else registered.
    Either,
}

section!(
    /// Destinations of e-mail and SMS factors.
    DestinationSettings {
        /// Registered, entered or either.
        source: DestinationSource = DestinationSource::Registered,
    }
);

/// What a change does to the recovery codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryCodeFate {
    /// They die.
    Revoke,
    /// They stay valid.
    Keep,
}

section!(
    /// Recovery codes (S0-06 to S0-14, S1-06).
    RecoveryCodeSettings {
        /// Whether codes are issued and accepted.
        enabled: bool = true,
        /// Codes in a set, 1 to 20.
        count: u8 = 10,
        /// Characters of a code, 8 to 16.
        length: u8 = 8,
        /// When the second factor is disabled (S0-13).
        on_disable: RecoveryCodeFate = RecoveryCodeFate::Revoke,
        /// When only the authenticator is reset (S0-14).
        on_authenticator_reset: RecoveryCodeFate = RecoveryCodeFate::Keep,
        /// Whether the user may make a new set (S1-06).
        self_regenerate: bool = true,
    }
);

/// What a user must have proved just before a sensitive change (C14). The panel vouches for the password check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReauthRule {
    /// Nothing.
    #[serde(rename = "none")]
    None,
    /// The user confirmed the action.
    #[serde(rename = "confirm")]
    Confirm,
    /// The panel checked the login password a moment ago.
    #[serde(rename = "password")]
    Password,
    /// A valid second factor or recovery code.
    #[serde(rename = "code")]
    Code,
    /// Both.
    #[serde(rename = "password+code")]
    PasswordAndCode,
}

impl ReauthRule {
    /// Whether a password check must be vouched for.
    pub const fn needs_password(self) -> bool {
        matches!(self, Self::Password | Self::PasswordAndCode)
    }

    /// Whether a code must be given.
    pub const fn needs_code(self) -> bool {
        matches!(self, Self::Code | Self::PasswordAndCode)
    }
}

section!(
    /// Re-authentication before each kind of change by the user himself.
    ReauthSettings {
        /// Before starting a set-up (S3-03).
        enable: ReauthRule = ReauthRule::Confirm,
        /// Before disabling (S3-08, S0-12).
        disable: ReauthRule = ReauthRule::Confirm,
        /// Before resetting a factor.
        reset: ReauthRule = ReauthRule::Confirm,
        /// Before making new recovery codes (S1-06).
        regenerate: ReauthRule = ReauthRule::Confirm,
        /// Seconds a vouched password check stays good. 30 to 3600.
        max_age_secs: u32 = 300,
    }
);

/// Whether the login page offers "Disable 2FA" to a user who has to set up but cannot (S2-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisableWhenUnconfigured {
    /// Not offered.
    Never,
    /// To administrators and users with the toggle right.
    IfMayToggle,
    /// To everybody.
    Always,
}

section!(
    /// Behaviour of the login page.
    LoginSettings {
        /// "Disable 2FA" while nothing is configured.
        disable_when_unconfigured: DisableWhenUnconfigured = DisableWhenUnconfigured::Never,
        /// Seconds a challenge stays open. 60 to 3600.
        challenge_ttl_secs: u32 = 900,
    }
);

/// Whether a user may reset his own factor (S2-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfReset {
    /// Only others may.
    Never,
    /// In a session that passed the second factor, without the toggle right.
    WithVerifiedSession,
    /// With the toggle right.
    IfMayToggle,
}

/// A way back in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryPath {
    /// A recovery code.
    RecoveryCode,
    /// Another active factor.
    OtherFactor,
    /// An administrator of the same account (S2-14).
    AccountAdmin,
    /// The provider's support (S4-07, S4-12).
    Support,
}

section!(
    /// Ways back in.
    RecoverySettings {
        /// In the order in which they are offered. A path that is not listed is closed.
        paths: Vec<RecoveryPath> = vec![RecoveryPath::RecoveryCode, RecoveryPath::OtherFactor, RecoveryPath::AccountAdmin, RecoveryPath::Support],
    }
);

section!(
    /// Parameters of new authenticator factors (RFC 6238). Existing factors keep theirs.
    TotpSettings {
        /// Label of the entry in the app (S4-04). The brand, when left out. No colon.
        issuer: Option<String> = None,
        /// 6 or 8.
        digits: u8 = 6,
        /// Seconds of a step, 15 to 120 (S2-08: 30).
        period_secs: u32 = 30,
        /// Steps accepted either side, 0 or 1.
        skew_steps: u8 = 1,
        /// sha1, sha256 or sha512.
        algorithm: Algorithm = Algorithm::Sha1,
    }
);

impl TotpSettings {
    /// The parameters a new factor gets.
    pub const fn params(&self) -> TotpParams {
        TotpParams {
            digits: self.digits,
            period_secs: self.period_secs,
            skew_steps: self.skew_steps,
            algorithm: self.algorithm,
        }
    }
}

section!(
    /// Codes sent by e-mail and SMS (C5, C6, C23).
    CodeSettings {
        /// 6 or 8.
        digits: u8 = 6,
        /// Seconds a code lives, 60 to 600.
        ttl_secs: u32 = 300,
        /// Seconds before another code can be asked for, 10 to 300.
        resend_after_secs: u32 = 30,
    }
);

/// What turning "Use 2FA" off does to the factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToggleOff {
    /// They are erased; turning it on again asks for set-up.
    Erase,
    /// They sleep; turning it on again wakes them.
    Retain,
}

section!(
    /// Messages to the owner about changes (C16).
    NoticeSettings {
        /// Tell the owner of enabling, disabling, resets, new and used recovery codes, and locks, at the registered address.
        enabled: bool = true,
    }
);

section!(
    /// SMS destinations (C12).
    SmsSettings {
        /// ISO 3166 country codes SMS may be sent to. Empty: only to `default_country`; without that as well, to every
        /// valid mobile number.
        countries: BTreeSet<String> = BTreeSet::new(),
        /// Country assumed for numbers without an international prefix. None: such numbers are refused.
        default_country: Option<String> = None,
        /// Domain for the `WebOTP` line of an SMS (`@domain #code`).
        web_otp_domain: Option<String> = None,
    }
);

section!(
    /// How codes go out, and what protects money and people.
    DeliverySettings {
        /// Codes one user may ask for in an hour, 1 to 1000.
        per_user_hour: u32 = 20,
        /// Codes one user may ask for in a day, 1 to 10,000.
        per_user_day: u32 = 60,
        /// E-mails of the tenant in a day (UTC). None: as many as asked for.
        email_per_day: Option<u64> = None,
        /// Text messages of the tenant in a day (UTC). None: as many as asked for.
        sms_per_day: Option<u64> = None,
        /// Text messages of the tenant in a calendar month (UTC). None: as many as asked for.
        sms_per_month: Option<u64> = None,
        /// Share of a budget, in percent, at which a warning is given, 1 to 100.
        warn_percent: u8 = 80,
        /// Text messages an hour to numbers that begin alike. None: as many as asked for.
        prefix_per_hour: Option<u32> = None,
        /// Codes that must come back, in percent of those sent to numbers that begin alike, 0 to 100. Below it no more are
        /// sent there (SMS pumping). 0 switches the alarm off.
        conversion_floor_percent: u8 = 25,
        /// Messages to such numbers in a quarter of an hour from which the alarm judges, 5 to 100,000.
        conversion_min_sent: u32 = 30,
        /// The tenant's weight where tenants compete for workers, 1 to 100.
        share: u16 = 10,
    }
);

/// `Option<Timestamp>` as RFC 3339 text.
pub(super) mod rfc3339_option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use crate::Timestamp;

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, out: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::to_rfc3339).serialize(out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Timestamp>, D::Error> {
        Option::<String>::deserialize(input)?
            .map(|text| {
                Timestamp::parse_rfc3339(&text)
                    .ok_or_else(|| D::Error::custom("expected an RFC 3339 instant such as 2027-01-31T00:00:00Z"))
            })
            .transpose()
    }
}
