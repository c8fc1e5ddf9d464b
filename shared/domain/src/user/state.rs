//! One user's whole second-factor state: the fold of the user's events.

use std::collections::VecDeque;

use super::budget::Budgets;
use super::event::{Destination, DestinationRef, EnrolmentDetail, IssuedCode, Profile, Purpose, Receipt};
use crate::settings::{PolicyMode, Settings};
use crate::{ChallengeId, EnrolmentId, FactorId, KeyedHash, Method, Sealed, Timestamp, TotpParams};

/// The state. `Default` is a user nobody has told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// What the panel told; none until registered.
    pub profile: Option<Profile>,
    /// When the user was registered.
    pub registered_at: Timestamp,
    /// "Use 2FA": on, off, or as the policy says.
    pub use_2fa: Option<bool>,
    /// "Can toggle the use of 2FA": yes, no, or as the account or tenant says.
    pub may_toggle: Option<bool>,
    /// Confirmed factors, at most one per method.
    pub factors: Vec<Factor>,
    /// The unfinished set-up, at most one. Boxed: it is large and hardly ever there.
    pub enrolment: Option<Box<Enrolment>>,
    /// Recent challenges, newest last.
    pub challenges: VecDeque<Challenge>,
    /// Attempt budgets.
    pub budgets: Budgets,
    /// The live set of recovery codes; a spent code is none.
    pub recovery: Option<Vec<Option<KeyedHash>>>,
    /// When the last code was sent, by purpose, for the resend interval.
    pub last_code_at: LastCodeAt,
    /// Recorded codes for what was over already, since the last challenge or set-up began.
    pub late_recorded: u8,
    /// Answers to recent idempotent requests.
    pub receipts: VecDeque<Receipt>,
    /// Time of the newest event: time never runs backwards for a user (C10).
    pub last_at: Timestamp,
    /// Time of the last accepted code.
    pub last_verified_at: Option<Timestamp>,
    /// The user's key was destroyed.
    pub erased: bool,
}

/// When the last code was sent, by purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastCodeAt {
    /// For a login.
    pub login: Option<Timestamp>,
    /// For a sensitive change.
    pub reauth: Option<Timestamp>,
    /// For a new factor.
    pub enrolment: Option<Timestamp>,
}

impl LastCodeAt {
    /// The one of a purpose.
    pub const fn of(&self, purpose: Purpose) -> Option<Timestamp> {
        match purpose {
            Purpose::Login => self.login,
            Purpose::Reauth => self.reauth,
            Purpose::Enrolment => self.enrolment,
        }
    }

    pub(super) const fn set(&mut self, purpose: Purpose, at: Timestamp) {
        *self.slot(purpose) = Some(at);
    }

    pub(super) const fn clear(&mut self, purpose: Purpose) {
        *self.slot(purpose) = None;
    }

    const fn slot(&mut self, purpose: Purpose) -> &mut Option<Timestamp> {
        match purpose {
            Purpose::Login => &mut self.login,
            Purpose::Reauth => &mut self.reauth,
            Purpose::Enrolment => &mut self.enrolment,
        }
    }
}

/// A confirmed factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// Secret or destination.
    pub detail: FactorDetail,
}

/// What a factor is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorDetail {
    /// Authenticator app.
    Totp {
        /// The secret under the user's key.
        secret: Sealed,
        /// Its parameters.
        params: TotpParams,
        /// The greatest accepted step; only greater ones are accepted (invariant 2).
        last_step: u64,
    },
    /// E-mail.
    Email(DestinationRef),
    /// SMS.
    Sms(DestinationRef),
}

impl Factor {
    /// The method.
    pub const fn method(&self) -> Method {
        match self.detail {
            FactorDetail::Totp { .. } => Method::Totp,
            FactorDetail::Email(_) => Method::Email,
            FactorDetail::Sms(_) => Method::Sms,
        }
    }
}

/// An unfinished set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// The login it is part of.
    pub challenge: Option<ChallengeId>,
    /// The method.
    pub method: Method,
    /// Secret or destination and code.
    pub detail: EnrolmentDetail,
    /// When it began.
    pub started_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
}

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// Login or re-authentication.
    pub purpose: Purpose,
    /// The method asked for; none for set-up.
    pub method: Option<Method>,
    /// The enrolment inside.
    pub setup: Option<EnrolmentId>,
    /// Whether set-up may be skipped.
    pub skippable: bool,
    /// The outstanding code. Boxed: an authenticator's challenges have none.
    pub code: Option<Box<IssuedCode>>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// How it ended, if it did.
    pub closed: Option<Closed>,
}

/// How a challenge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// A code was accepted.
    Verified,
    /// "Disable 2FA" completed it (S2-13).
    Disabled,
    /// A newer challenge or a reset took its place.
    Superseded,
}

impl User {
    /// Whether anybody has told of this user.
    pub const fn is_registered(&self) -> bool {
        self.profile.is_some()
    }

    /// Now, but never earlier than the user's newest event (C10).
    pub fn monotone(&self, now: Timestamp) -> Timestamp {
        now.max(self.last_at)
    }

    /// Whether a second factor is wanted, by policy or by "Use 2FA".
    pub fn wants_2fa(&self, settings: &Settings) -> bool {
        match settings.policy {
            PolicyMode::Off => false,
            PolicyMode::Required => true,
            PolicyMode::Optional => self.use_2fa.unwrap_or(!self.factors.is_empty()),
        }
    }

    /// The factors that count now: none while they sleep (`toggle_off: retain`).
    pub fn active_factors(&self, settings: &Settings) -> &[Factor] {
        if self.wants_2fa(settings) { &self.factors } else { &[] }
    }

    /// The active factor of a method.
    pub fn active_factor(&self, method: Method, settings: &Settings) -> Option<&Factor> {
        self.active_factors(settings).iter().find(|f| f.method() == method)
    }

    /// Where a factor's codes go now.
    pub fn resolve<'a>(&'a self, method: Method, reference: &'a DestinationRef) -> Option<&'a Destination> {
        match reference {
            DestinationRef::Entered(destination) => Some(destination),
            DestinationRef::Registered => self.registered(method),
        }
    }

    /// The registered destination of a method.
    pub fn registered(&self, method: Method) -> Option<&Destination> {
        let profile = self.profile.as_ref()?;
        match method {
            Method::Totp => None,
            Method::Email => profile.email.as_ref(),
            Method::Sms => profile.phone.as_ref(),
        }
    }

    /// A remembered challenge.
    pub fn challenge(&self, id: &ChallengeId) -> Option<&Challenge> {
        self.challenges.iter().find(|c| c.id == *id)
    }

    /// Recovery codes not yet spent.
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery.as_ref().map_or(0, |set| set.iter().flatten().count())
    }

    /// The kept answer to an idempotent request.
    pub fn receipt(&self, key: &KeyedHash) -> Option<&Receipt> {
        self.receipts.iter().find(|r| r.key == *key)
    }
}
