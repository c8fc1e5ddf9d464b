//! Folding a user's events.

use std::collections::BTreeMap;

use twofold_domain::actor::Role;
use twofold_domain::user::{Budget, Lock, Profile, Proof, UserEvent};
use twofold_domain::{FactorKind, MessageId, Method, Mode, TenantId, Timestamp, UserToken};
use twofold_event_log::Seq;

use super::text::plain;
use crate::rows::{EnrolledMethod, UserRow};

impl UserRow {
    /// The row of a user the panel has just told of.
    pub fn registered(tenant: TenantId, user: UserToken, profile: &Profile, at: Timestamp) -> Self {
        let mut row = Self::blank(tenant, user, profile.mode, at);
        row.set_profile(profile);
        row
    }

    /// A row that holds nothing yet.
    pub(crate) fn blank(tenant: TenantId, user: UserToken, mode: Mode, registered_at: Timestamp) -> Self {
        Self {
            tenant,
            user,
            mode,
            account: None,
            account_panel_id: None,
            role: Role::default(),
            registered_at,
            panel_id: None,
            email: None,
            phone: None,
            locale: None,
            erased: false,
            use_2fa: None,
            may_toggle: None,
            methods: BTreeMap::new(),
            enabled_at: None,
            recovery_left: None,
            failures: BTreeMap::new(),
            last_verified_at: None,
            last_failed_at: None,
            position: Seq::ZERO,
            audit_seq: Seq::ZERO,
        }
    }

    /// Applies one event that happened at `at`. The caller keeps `position` and `audit_seq`.
    pub fn apply(&mut self, event: &UserEvent, at: Timestamp) {
        match event {
            UserEvent::Registered(profile) => {
                self.set_profile(profile);
                self.registered_at = at;
            }
            UserEvent::ProfileChanged(profile) => self.set_profile(profile),
            UserEvent::Use2faSet(value) => self.use_2fa = *value,
            UserEvent::ToggleRightSet(value) => self.may_toggle = *value,
            UserEvent::EnrolmentConfirmed { factor, method, .. } => {
                self.methods.insert(*method, EnrolledMethod { factor: factor.clone(), since: at });
                self.failures.remove(&FactorKind::from(*method));
                self.last_verified_at = Some(at);
            }
            UserEvent::TwoFactorEnabled => self.use_2fa = Some(true),
            UserEvent::FactorReplaced { factor, .. } => self.methods.retain(|_, known| known.factor != *factor),
            UserEvent::VerificationSucceeded { proof, .. } => self.succeed(proof, at),
            UserEvent::VerificationFailed { kind, counted, .. } => {
                self.last_failed_at = Some(at);
                if *counted {
                    let budget = self.failures.entry(*kind).or_default();
                    budget.failures = budget.failures.saturating_add(1);
                }
            }
            UserEvent::FactorLocked { kind, until, .. } => {
                self.failures.entry(*kind).or_default().lock = until.map_or(Lock::Hard, Lock::Until);
            }
            UserEvent::FactorUnlocked { kind: Some(kind) } => {
                self.failures.remove(kind);
            }
            UserEvent::FactorUnlocked { kind: None } => self.failures.clear(),
            UserEvent::RecoveryCodesGenerated { hashes } => {
                self.recovery_left = Some(u32::try_from(hashes.len()).unwrap_or(u32::MAX));
            }
            UserEvent::AuthenticatorReset { recovery_revoked } => {
                self.methods.remove(&Method::Totp);
                self.revoke_recovery(*recovery_revoked);
            }
            UserEvent::TwoFactorReset { recovery_revoked } => {
                self.methods.clear();
                self.revoke_recovery(*recovery_revoked);
            }
            UserEvent::TwoFactorDisabled { erased, recovery_revoked, .. } => {
                self.use_2fa = Some(false);
                if *erased {
                    self.methods.clear();
                }
                self.revoke_recovery(*recovery_revoked);
            }
            UserEvent::UserErased => self.erase(),
            // Unfinished work and kept answers are the command side's alone.
            UserEvent::EnrolmentStarted { .. }
            | UserEvent::EnrolmentCodeReissued { .. }
            | UserEvent::ChallengeOpened { .. }
            | UserEvent::ChallengeCodeReissued { .. }
            | UserEvent::ReceiptKept(_) => {}
        }
        self.keep_enabled_at(at);
    }

    fn set_profile(&mut self, profile: &Profile) {
        self.account = profile.account.as_ref().map(|account| account.id.clone());
        self.account_panel_id = profile.account.as_ref().map(|account| account.sealed.clone());
        self.role = profile.role;
        self.panel_id = Some(profile.panel_id.clone());
        self.email = profile.email.as_ref().map(|to| to.sealed.clone());
        self.phone = profile.phone.as_ref().map(|to| to.sealed.clone());
        self.locale = profile.locale.as_deref().map(plain);
        self.mode = profile.mode;
    }

    fn succeed(&mut self, proof: &Proof, at: Timestamp) {
        self.failures.remove(&proof.kind());
        self.last_verified_at = Some(at);
        match proof {
            Proof::Totp { .. } | Proof::Code { .. } => {}
            Proof::RecoveryCode { .. } => {
                self.recovery_left = self.recovery_left.map(|left| left.saturating_sub(1));
            }
        }
    }

    fn revoke_recovery(&mut self, revoked: bool) {
        if revoked {
            self.recovery_left = None;
        }
    }

    /// Nothing personal stays, not even sealed.
    fn erase(&mut self) {
        let blank = Self::blank(self.tenant.clone(), self.user.clone(), self.mode, self.registered_at);
        *self = Self { erased: true, position: self.position, audit_seq: self.audit_seq, ..blank };
    }

    /// Factors that sleep (`toggle_off: retain`) are confirmed but not in force.
    fn keep_enabled_at(&mut self, at: Timestamp) {
        if self.methods.is_empty() || self.use_2fa == Some(false) {
            self.enabled_at = None;
        } else if self.enabled_at.is_none() {
            self.enabled_at = Some(at);
        }
    }

    /// The budget of a kind.
    pub fn budget(&self, kind: FactorKind) -> Budget {
        self.failures.get(&kind).copied().unwrap_or_default()
    }
}

/// The message whose code the event says was accepted.
pub(crate) const fn used_code(event: &UserEvent) -> Option<&MessageId> {
    match event {
        UserEvent::VerificationSucceeded { proof: Proof::Code { message, .. }, .. } => Some(message),
        // The code that sets a factor up is accepted by this and by no other event.
        UserEvent::EnrolmentConfirmed { message, .. } => message.as_ref(),
        UserEvent::VerificationSucceeded { proof: Proof::Totp { .. } | Proof::RecoveryCode { .. }, .. }
        | UserEvent::Registered(_)
        | UserEvent::ProfileChanged(_)
        | UserEvent::Use2faSet(_)
        | UserEvent::ToggleRightSet(_)
        | UserEvent::EnrolmentStarted { .. }
        | UserEvent::EnrolmentCodeReissued { .. }
        | UserEvent::TwoFactorEnabled
        | UserEvent::FactorReplaced { .. }
        | UserEvent::ChallengeOpened { .. }
        | UserEvent::ChallengeCodeReissued { .. }
        | UserEvent::VerificationFailed { .. }
        | UserEvent::FactorLocked { .. }
        | UserEvent::FactorUnlocked { .. }
        | UserEvent::RecoveryCodesGenerated { .. }
        | UserEvent::AuthenticatorReset { .. }
        | UserEvent::TwoFactorReset { .. }
        | UserEvent::TwoFactorDisabled { .. }
        | UserEvent::ReceiptKept(_)
        | UserEvent::UserErased => None,
    }
}

/// Whether the event changes columns that only a full write of the row stores.
pub(super) const fn changes_profile(event: &UserEvent) -> bool {
    match event {
        UserEvent::Registered(_) | UserEvent::ProfileChanged(_) | UserEvent::UserErased => true,
        UserEvent::Use2faSet(_)
        | UserEvent::ToggleRightSet(_)
        | UserEvent::EnrolmentStarted { .. }
        | UserEvent::EnrolmentCodeReissued { .. }
        | UserEvent::EnrolmentConfirmed { .. }
        | UserEvent::TwoFactorEnabled
        | UserEvent::FactorReplaced { .. }
        | UserEvent::ChallengeOpened { .. }
        | UserEvent::ChallengeCodeReissued { .. }
        | UserEvent::VerificationSucceeded { .. }
        | UserEvent::VerificationFailed { .. }
        | UserEvent::FactorLocked { .. }
        | UserEvent::FactorUnlocked { .. }
        | UserEvent::RecoveryCodesGenerated { .. }
        | UserEvent::AuthenticatorReset { .. }
        | UserEvent::TwoFactorReset { .. }
        | UserEvent::TwoFactorDisabled { .. }
        | UserEvent::ReceiptKept(_) => false,
    }
}
