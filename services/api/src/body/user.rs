//! The status of a user, as a profile page and support see it (S2-06, S3-07).

use serde::Serialize;
use twofold_domain::destination::{EmailAddress, PhoneNumber};
use twofold_domain::user::{FactorDetail, Lock, User, rights_of_user};
use twofold_domain::{Method, Timestamp};
use twofold_engine::{Answer, Rendered};
use utoipa::ToSchema;

use super::{instant, text};

/// Whether the second factor is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Set up and asked for.
    Enabled,
    /// Wanted, but to be set up at the next login.
    SetupPending,
    /// Not asked for.
    Disabled,
}

impl UserStatus {
    /// Of a state.
    pub fn of(user: &User, settings: &twofold_domain::settings::Settings) -> Self {
        if !user.active_factors(settings).is_empty() {
            Self::Enabled
        } else if user.wants_2fa(settings) {
            Self::SetupPending
        } else {
            Self::Disabled
        }
    }

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::SetupPending => "setup_pending",
            Self::Disabled => "disabled",
        }
    }
}

/// An active method.
#[derive(Debug, Serialize, ToSchema)]
pub struct MethodBody {
    /// `totp`, `email` or `sms`.
    pub method: &'static str,
    /// Since when.
    pub enrolled_at: String,
    /// Masked address or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
}

/// A factor with wrong codes against it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LockBody {
    /// `totp`, `email`, `sms` or `recovery_code`.
    pub factor: &'static str,
    /// Wrong codes in a row.
    pub failures: u32,
    /// Whether attempts are refused now.
    pub locked: bool,
    /// Until when; absent when not locked, or locked until somebody unlocks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<String>,
}

/// What a profile page may offer the user himself.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "a row of independent answers")]
pub struct RightsBody {
    /// Switch on.
    pub enable: bool,
    /// Switch off.
    pub disable: bool,
    /// Reset.
    pub reset: bool,
    /// Make new recovery codes.
    pub regenerate: bool,
    /// The effective "Can toggle the use of 2FA".
    pub may_toggle: bool,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserBody {
    /// The panel's own id, in canonical form.
    pub user: String,
    /// `live` or `test`.
    pub mode: &'static str,
    /// `user` or `admin`.
    pub role: &'static str,
    /// Whether the user belongs to an account.
    pub has_account: bool,
    /// Masked registered address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Masked registered number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Whether 2FA is on.
    pub status: UserStatus,
    /// The same in words, in the user's language.
    pub status_text: String,
    /// "Use 2FA" as set; null for as the policy says.
    pub use_2fa: Option<bool>,
    /// "Can toggle the use of 2FA" as set; null for as account and tenant say.
    pub may_toggle: Option<bool>,
    /// Active methods.
    pub methods: Vec<MethodBody>,
    /// Recovery codes not yet used.
    pub recovery_codes_left: usize,
    /// Factors with wrong codes against them.
    pub locks: Vec<LockBody>,
    /// What the user himself may do.
    pub rights: RightsBody,
    /// When a code was last accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_verified_at: Option<String>,
    /// When the panel first told of the user.
    pub registered_at: String,
    /// Position of the user's last change.
    pub position: u64,
}

impl UserBody {
    /// From a state.
    pub fn of(rendered: &Rendered<'_>) -> Self {
        let (user, settings) = (rendered.user, rendered.settings);
        let profile = user.profile.as_ref();
        let status = UserStatus::of(user, settings);
        let rights = rights_of_user(user, settings);
        Self {
            user: rendered.panel_id().unwrap_or_default(),
            mode: profile.map_or("live", |p| p.mode.name()),
            role: profile.map_or("user", |p| p.role.name()),
            has_account: profile.is_some_and(|p| p.account.is_some()),
            email: profile.and_then(|p| p.email.as_ref()).and_then(|d| masked(rendered, Method::Email, d)),
            phone: profile.and_then(|p| p.phone.as_ref()).and_then(|d| masked(rendered, Method::Sms, d)),
            locale: profile.and_then(|p| p.locale.clone()),
            status,
            status_text: text(rendered, &format!("status.{}", status.name())),
            use_2fa: user.use_2fa,
            may_toggle: user.may_toggle,
            methods: methods(rendered),
            recovery_codes_left: user.recovery_codes_left(),
            locks: locks(user, rendered.now),
            rights: RightsBody {
                enable: rights.enable,
                disable: rights.disable,
                reset: rights.reset,
                regenerate: rights.regenerate,
                may_toggle: twofold_domain::user::may_toggle(user, settings),
            },
            last_verified_at: user.last_verified_at.map(instant),
            registered_at: instant(user.registered_at),
            position: 0,
        }
    }
}

fn methods(rendered: &Rendered<'_>) -> Vec<MethodBody> {
    let active = rendered.user.active_factors(rendered.settings).iter();
    active
        .map(|factor| {
            let destination = match &factor.detail {
                FactorDetail::Totp { .. } => None,
                FactorDetail::Email(reference) | FactorDetail::Sms(reference) => {
                    rendered.user.resolve(factor.method(), reference)
                }
            };
            MethodBody {
                method: factor.method().name(),
                enrolled_at: instant(factor.enrolled_at),
                destination: destination.and_then(|d| masked(rendered, factor.method(), d)),
            }
        })
        .collect()
}

fn locks(user: &User, now: Timestamp) -> Vec<LockBody> {
    let now = user.monotone(now);
    let with_failures = user.budgets.iter().filter(|(_, budget)| budget.failures > 0);
    with_failures
        .map(|(kind, budget)| {
            let locked = budget.lock.holds_at(now);
            let until = match budget.lock {
                Lock::Until(until) if locked => Some(instant(until)),
                Lock::Until(_) | Lock::Open | Lock::Hard => None,
            };
            LockBody { factor: kind.name(), failures: budget.failures, locked, locked_until: until }
        })
        .collect()
}

/// An address or number that shows just enough to recognise it.
pub fn masked(
    rendered: &Rendered<'_>,
    method: Method,
    destination: &twofold_domain::user::Destination,
) -> Option<String> {
    let clear = rendered.destination(method, destination)?;
    match method {
        Method::Totp => None,
        Method::Email => EmailAddress::parse(&clear).ok().map(|address| address.masked()),
        Method::Sms => PhoneNumber::parse(&clear, None).ok().map(|number| number.masked()),
    }
}

impl Answer for UserBody {
    fn status(&self) -> u16 {
        200
    }

    fn set_position(&mut self, position: u64) {
        self.position = position;
    }
}
