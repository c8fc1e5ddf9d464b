//! The decisions: what a command leads to, given the state. Total and free of effects.

mod challenge;
mod change;
mod code;
mod enrolment;
mod profile;
mod verification;

use super::command::{Command, CommandKind};
use super::event::{Destination, FailureReason, Proof, Purpose, UserEvent};
use super::login::LoginRequirement;
use super::refusal::Refusal;
use super::state::User;
use crate::{ChallengeId, Channel, CodeNonce, FactorKind, MessageId, Method, Timestamp};

pub use challenge::may_disable_at_login;
pub use verification::reauth_rule;

/// Accepted: what happened and what to answer. Both only count once the events are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// To append, in order. Empty when nothing changed.
    pub events: Vec<UserEvent>,
    /// Messages to request in the same atomic append.
    pub deliveries: Vec<DeliveryRequest>,
    /// What to answer.
    pub outcome: Outcome,
}

impl Decision {
    fn of(events: Vec<UserEvent>, outcome: Outcome) -> Self {
        Self { events, deliveries: Vec::new(), outcome }
    }
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The change was made, or was in force already.
    Done,
    /// A set-up began; the state's `enrolment` holds it.
    EnrolmentStarted,
    /// A new code is on its way.
    CodeResent,
    /// What the login page must show.
    Challenge(ChallengeAnswer),
    /// A code was right.
    Verified {
        /// How.
        proof: Proof,
        /// The method that it set up, if it completed a set-up.
        enrolled: Option<Method>,
        /// Whether the offered recovery set was issued and must be shown.
        recovery_issued: bool,
    },
    /// A code was not accepted. An outcome, not an error: its event is appended.
    Rejected {
        /// Why.
        reason: FailureReason,
        /// Whose budget.
        kind: FactorKind,
        /// Wrong codes left before the lock, if the attempt counted.
        attempts_left: Option<u32>,
        /// The lock this attempt led to: outer none, no lock; inner none, until unlocked.
        locked: Option<Option<Timestamp>>,
    },
}

/// What the login page must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeAnswer {
    /// The requirement.
    pub requirement: LoginRequirement,
    /// The challenge, when there is something to answer.
    pub challenge: Option<ChallengeId>,
    /// The method asked for or being set up.
    pub method: Option<Method>,
    /// Whether a set-up is inside; the state's `enrolment` holds it.
    pub setup: bool,
}

/// A message to request together with the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRequest {
    /// Its id.
    pub message: MessageId,
    /// How.
    pub channel: Channel,
    /// Where to.
    pub destination: Destination,
    /// What.
    pub kind: MessageKind,
    /// After this instant it must not be handed over any more.
    pub expires_at: Timestamp,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageKind {
    /// A code.
    Code {
        /// Why.
        purpose: Purpose,
        /// Id of the challenge or enrolment it is bound to.
        reference: String,
        /// What it is derived from.
        nonce: CodeNonce,
        /// 6 or 8.
        digits: u8,
    },
    /// News about the second factor (C16).
    Notice(NoticeKind),
}

/// News about the second factor (C16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// Switched on.
    TwoFactorEnabled,
    /// Switched off.
    TwoFactorDisabled,
    /// Reset.
    TwoFactorReset,
    /// The authenticator was removed.
    AuthenticatorReset,
    /// New recovery codes were made.
    RecoveryCodesRegenerated,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// Wrong codes led to a lock.
    FactorLocked,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::TwoFactorEnabled,
        Self::TwoFactorDisabled,
        Self::TwoFactorReset,
        Self::AuthenticatorReset,
        Self::RecoveryCodesRegenerated,
        Self::RecoveryCodeUsed,
        Self::FactorLocked,
    ];

    /// The stable name in JSON and templates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TwoFactorEnabled => "two_factor_enabled",
            Self::TwoFactorDisabled => "two_factor_disabled",
            Self::TwoFactorReset => "two_factor_reset",
            Self::AuthenticatorReset => "authenticator_reset",
            Self::RecoveryCodesRegenerated => "recovery_codes_regenerated",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::FactorLocked => "factor_locked",
        }
    }

    /// Of several at once the owner is told of the lowest: what takes protection away comes first.
    const fn rank(self) -> u8 {
        match self {
            Self::TwoFactorDisabled => 0,
            Self::TwoFactorReset => 1,
            Self::AuthenticatorReset => 2,
            Self::TwoFactorEnabled => 3,
            Self::RecoveryCodesRegenerated => 4,
            Self::RecoveryCodeUsed => 5,
            Self::FactorLocked => 6,
        }
    }

    fn of(event: &UserEvent) -> Option<Self> {
        match event {
            // Another method, or one in place of another, is a change of factors as well.
            UserEvent::TwoFactorEnabled | UserEvent::EnrolmentConfirmed { .. } => Some(Self::TwoFactorEnabled),
            UserEvent::TwoFactorDisabled { .. } => Some(Self::TwoFactorDisabled),
            UserEvent::TwoFactorReset { .. } => Some(Self::TwoFactorReset),
            UserEvent::AuthenticatorReset { .. } => Some(Self::AuthenticatorReset),
            UserEvent::FactorLocked { .. } => Some(Self::FactorLocked),
            UserEvent::VerificationSucceeded { proof: Proof::RecoveryCode { .. }, .. } => Some(Self::RecoveryCodeUsed),
            UserEvent::RecoveryCodesGenerated { .. } => Some(Self::RecoveryCodesRegenerated),
            UserEvent::Registered(_)
            | UserEvent::ProfileChanged(_)
            | UserEvent::Use2faSet(_)
            | UserEvent::ToggleRightSet(_)
            | UserEvent::EnrolmentStarted { .. }
            | UserEvent::EnrolmentCodeReissued { .. }
            | UserEvent::FactorReplaced { .. }
            | UserEvent::ChallengeOpened { .. }
            | UserEvent::ChallengeCodeReissued { .. }
            | UserEvent::VerificationSucceeded { .. }
            | UserEvent::VerificationFailed { .. }
            | UserEvent::FactorUnlocked { .. }
            | UserEvent::ReceiptKept(_)
            | UserEvent::UserErased => None,
        }
    }
}

/// Seconds a notice is worth sending.
const NOTICE_LIFE_SECS: u64 = 3600;

/// Decides a command. `Err` changes nothing; `Ok` may still be a rejected code, which is recorded.
pub fn decide(user: &User, command: &Command<'_>) -> Result<Decision, Refusal> {
    if user.erased {
        return Err(Refusal::UserErased);
    }
    if !user.is_registered() && !matches!(command.kind, CommandKind::PutProfile(_)) {
        return Err(Refusal::UserNotFound);
    }
    let mut decision = match &command.kind {
        CommandKind::PutProfile(patch) => profile::put(user, command, patch),
        CommandKind::StartEnrolment { method, secret, entered, reauth } => {
            enrolment::start(user, command, *method, secret, entered.as_ref(), reauth)
        }
        CommandKind::ResendEnrolmentCode { enrolment } => enrolment::resend(user, command, enrolment),
        CommandKind::ConfirmEnrolment { enrolment, evidence, recovery } => {
            enrolment::confirm(user, command, enrolment, *evidence, recovery)
        }
        CommandKind::OpenChallenge { purpose, method, secret, entered } => {
            challenge::open(user, command, *purpose, *method, secret, entered.as_ref())
        }
        CommandKind::ResendChallengeCode { challenge } => challenge::resend(user, command, challenge),
        CommandKind::Verify { attempt, evidence, recovery } => {
            verification::verify(user, command, attempt, *evidence, recovery)
        }
        CommandKind::DisableAtLogin { challenge } => challenge::disable(user, command, challenge),
        CommandKind::ResetAuthenticator { reauth } => change::reset_authenticator(user, command, reauth),
        CommandKind::Reset { reauth } => change::reset(user, command, reauth),
        CommandKind::Disable { reauth } => change::disable(user, command, reauth),
        CommandKind::RegenerateRecoveryCodes { reauth, recovery } => {
            change::regenerate(user, command, reauth, recovery)
        }
        CommandKind::Unlock { kind } => change::unlock(user, command, *kind),
        CommandKind::Erase => change::erase(command),
    }?;
    decision.deliveries.extend(notice(user, command, &decision.events));
    Ok(decision)
}

/// The owner is told of changes at the registered address (C16): one message, about the weightiest of the events.
fn notice(user: &User, command: &Command<'_>, events: &[UserEvent]) -> Option<DeliveryRequest> {
    if !command.settings.notices.enabled || !command.channels.email {
        return None;
    }
    let kind = events.iter().filter_map(NoticeKind::of).min_by_key(|kind| kind.rank())?;
    let destination = user.profile.as_ref()?.email.clone()?;
    Some(DeliveryRequest {
        message: command.fresh.notice.clone(),
        channel: Channel::Email,
        destination,
        kind: MessageKind::Notice(kind),
        expires_at: user.monotone(command.now).plus_secs(NOTICE_LIFE_SECS),
    })
}
