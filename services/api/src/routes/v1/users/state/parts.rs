//! The parts of a replayed user.

use serde::Serialize;
use twofold_domain::settings::Settings;
use twofold_domain::user::{
    Budget, Challenge, Closed, DestinationRef, Enrolment, EnrolmentDetail, Factor, FactorDetail, IssuedCode, Lock, User,
};
use twofold_domain::{FactorKind, Method, Timestamp};
use utoipa::ToSchema;

use crate::unseal::Unsealer;

/// A confirmed factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactorState {
    /// Its id, as in the audit.
    pub id: String,
    /// `totp`, `email` or `sms`.
    pub method: &'static str,
    /// Since when.
    pub enrolled_at: String,
    /// Whether it was asked for; false while it sleeps.
    pub active: bool,
    /// Masked address or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// `registered` or `entered`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_source: Option<&'static str>,
    /// TOTP: the greatest accepted step; only later ones are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_step: Option<u64>,
    /// TOTP: seconds of a step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_secs: Option<u32>,
    /// TOTP: steps accepted either side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_steps: Option<u8>,
}

impl FactorState {
    pub(super) fn of(user: &User, factor: &Factor, unsealer: &Unsealer, settings: &Settings) -> Self {
        let method = factor.method();
        let bare = Self {
            id: factor.id.to_string(),
            method: method.name(),
            enrolled_at: factor.enrolled_at.to_rfc3339(),
            active: user.wants_2fa(settings),
            destination: None,
            destination_source: None,
            last_step: None,
            period_secs: None,
            skew_steps: None,
        };
        match &factor.detail {
            FactorDetail::Totp { params, last_step, .. } => Self {
                last_step: Some(*last_step),
                period_secs: Some(params.period_secs),
                skew_steps: Some(params.skew_steps),
                ..bare
            },
            FactorDetail::Email(reference) | FactorDetail::Sms(reference) => Self {
                destination: masked(user, method, reference, unsealer),
                destination_source: Some(source(reference)),
                ..bare
            },
        }
    }
}

/// A code on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeState {
    /// The message that carried it.
    pub message: String,
    /// When it was made.
    pub issued_at: String,
    /// When it died.
    pub expires_at: String,
    /// Whether it was dead at the moment.
    pub expired: bool,
}

impl CodeState {
    fn of(code: &IssuedCode, now: Timestamp) -> Self {
        Self {
            message: code.message.to_string(),
            issued_at: code.issued_at.to_rfc3339(),
            expires_at: code.expires_at.to_rfc3339(),
            expired: now >= code.expires_at,
        }
    }
}

/// An unfinished set-up.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolmentState {
    /// Its id.
    pub id: String,
    /// `totp`, `email` or `sms`.
    pub method: &'static str,
    /// The login it is part of.
    pub challenge: Option<String>,
    /// When it began.
    pub started_at: String,
    /// When it dies.
    pub expires_at: String,
    /// Whether it was dead at the moment.
    pub expired: bool,
    /// Masked address or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The code to prove it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeState>,
}

impl EnrolmentState {
    pub(super) fn of(user: &User, pending: &Enrolment, unsealer: &Unsealer, now: Timestamp) -> Self {
        let (destination, code) = match &pending.detail {
            EnrolmentDetail::Totp { .. } => (None, None),
            EnrolmentDetail::Code { destination, code } => {
                (masked(user, pending.method, destination, unsealer), Some(CodeState::of(code, now)))
            }
        };
        Self {
            id: pending.id.to_string(),
            method: pending.method.name(),
            challenge: pending.challenge.as_ref().map(ToString::to_string),
            started_at: pending.started_at.to_rfc3339(),
            expires_at: pending.expires_at.to_rfc3339(),
            expired: now >= pending.expires_at,
            destination,
            code,
        }
    }
}

/// A challenge.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeState {
    /// Its id.
    pub id: String,
    /// `login` or `reauth`.
    pub purpose: &'static str,
    /// The method asked for; null for set-up.
    pub method: Option<&'static str>,
    /// The enrolment inside.
    pub setup: Option<String>,
    /// Whether set-up could be skipped.
    pub skippable: bool,
    /// When it was opened.
    pub opened_at: String,
    /// When it dies.
    pub expires_at: String,
    /// Whether it was dead at the moment.
    pub expired: bool,
    /// How it ended: `verified`, `disabled` or `superseded`; null while open.
    pub closed: Option<&'static str>,
    /// The outstanding code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeState>,
}

impl ChallengeState {
    pub(super) fn of(challenge: &Challenge, now: Timestamp) -> Self {
        Self {
            id: challenge.id.to_string(),
            purpose: challenge.purpose.name(),
            method: challenge.method.map(Method::name),
            setup: challenge.setup.as_ref().map(ToString::to_string),
            skippable: challenge.skippable,
            opened_at: challenge.opened_at.to_rfc3339(),
            expires_at: challenge.expires_at.to_rfc3339(),
            expired: now >= challenge.expires_at,
            closed: challenge.closed.map(|closed| match closed {
                Closed::Verified => "verified",
                Closed::Disabled => "disabled",
                Closed::Superseded => "superseded",
            }),
            code: challenge.code.as_ref().map(|code| CodeState::of(code, now)),
        }
    }
}

/// The attempts of a factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetState {
    /// `totp`, `email`, `sms` or `recovery_code`.
    pub factor: &'static str,
    /// Wrong codes in a row.
    pub failures: u32,
    /// Wrong codes allowed before the next lock.
    pub attempts_left: u32,
    /// Whether attempts were refused.
    pub locked: bool,
    /// Until when; null when not locked, or until somebody unlocks it.
    pub locked_until: Option<String>,
    /// Only an administrator or support can lift the lock.
    pub hard: bool,
}

impl BudgetState {
    pub(super) fn of(kind: FactorKind, budget: Budget, now: Timestamp) -> Self {
        let locked = budget.lock.holds_at(now);
        let (until, hard) = match budget.lock {
            Lock::Open => (None, false),
            Lock::Until(until) => (Some(until).filter(|_| locked), false),
            Lock::Hard => (None, true),
        };
        Self {
            factor: kind.name(),
            failures: budget.failures,
            attempts_left: if locked { 0 } else { budget.attempts_left() },
            locked,
            locked_until: until.map(Timestamp::to_rfc3339),
            hard,
        }
    }
}

const fn source(reference: &DestinationRef) -> &'static str {
    match reference {
        DestinationRef::Registered => "registered",
        DestinationRef::Entered(_) => "entered",
    }
}

fn masked(user: &User, method: Method, reference: &DestinationRef, unsealer: &Unsealer) -> Option<String> {
    user.resolve(method, reference).and_then(|to| unsealer.masked(method, to))
}
