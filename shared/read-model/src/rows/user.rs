//! A user.

use std::collections::BTreeMap;

use twofold_domain::actor::Role;
use twofold_domain::user::{Budget, Lock};
use twofold_domain::{AccountId, FactorId, FactorKind, Method, Mode, Sealed, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

/// A confirmed factor, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledMethod {
    /// Its id.
    pub factor: FactorId,
    /// Since when.
    pub since: Timestamp,
}

/// A user, as lists and support show him. Never the ground of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Whose.
    pub tenant: TenantId,
    /// Opaque id.
    pub user: UserToken,
    /// Live or test; never changes.
    pub mode: Mode,
    /// Account, if any.
    pub account: Option<AccountId>,
    /// The panel's own account id under the user's key.
    pub account_panel_id: Option<Sealed>,
    /// Role inside the account.
    pub role: Role,
    /// When the panel first told of him.
    pub registered_at: Timestamp,
    /// The panel's own user id under the user's key; none once erased.
    pub panel_id: Option<Sealed>,
    /// Registered address under the user's key.
    pub email: Option<Sealed>,
    /// Registered number under the user's key.
    pub phone: Option<Sealed>,
    /// Language.
    pub locale: Option<String>,
    /// His key was destroyed.
    pub erased: bool,
    /// "Use 2FA"; none: as the policy says.
    pub use_2fa: Option<bool>,
    /// "Can toggle the use of 2FA"; none: as the account or tenant says.
    pub may_toggle: Option<bool>,
    /// Confirmed factors, asleep or not.
    pub methods: BTreeMap<Method, EnrolledMethod>,
    /// Since when a confirmed factor is in force, as far as the user's own switch goes; none when none is.
    pub enabled_at: Option<Timestamp>,
    /// Recovery codes not yet spent; none when there is no set.
    pub recovery_left: Option<u32>,
    /// Budgets that are not at rest.
    pub failures: BTreeMap<FactorKind, Budget>,
    /// Last accepted code.
    pub last_verified_at: Option<Timestamp>,
    /// Last code not accepted.
    pub last_failed_at: Option<Timestamp>,
    /// His newest commit.
    pub position: Seq,
    /// Newest commit with audit rows about him, his own or one about a message to him; zero: none.
    pub audit_seq: Seq,
}

/// Stands for a lock without an end in `locked_until`.
pub(crate) const LOCKED_FOR_GOOD: Timestamp = Timestamp(i64::MAX);

impl UserRow {
    /// Whether any factor is locked at `now`.
    pub fn locked_at(&self, now: Timestamp) -> bool {
        self.failures.values().any(|budget| budget.lock.holds_at(now))
    }

    /// The end of the longest lock, which may have passed; the greatest instant for one without an end.
    pub fn locked_until(&self) -> Option<Timestamp> {
        let end = |budget: &Budget| match budget.lock {
            Lock::Open => None,
            Lock::Until(until) => Some(until),
            Lock::Hard => Some(LOCKED_FOR_GOOD),
        };
        self.failures.values().filter_map(end).max()
    }
}
