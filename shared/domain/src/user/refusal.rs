//! Why a command was refused. A refusal changes nothing; its code is stable and part of the API.

use crate::settings::{ReauthRule, RecoveryPath};
use crate::{Channel, FactorKind, Method, Timestamp};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The panel has not told of this user.
    UserNotFound,
    /// The user's data was erased.
    UserErased,
    /// No such enrolment, or it is finished or superseded.
    EnrolmentNotFound,
    /// No such challenge.
    ChallengeNotFound,
    /// The challenge or enrolment is past its life; open a new one.
    Expired,
    /// The challenge was completed already.
    AlreadyClosed,
    /// The challenge does not ask for a code of this kind, or has none to resend.
    WrongTarget,
    /// The budget of the factor is used up; nothing was evaluated.
    Locked {
        /// Whose budget.
        kind: FactorKind,
        /// Until when; none: until unlocked.
        until: Option<Timestamp>,
    },
    /// The user has no such active factor.
    NotEnrolled,
    /// Recovery codes are off or used up.
    NoRecoveryCodes,
    /// The actor has not the right.
    NotPermitted(&'static str),
    /// The actor is no administrator of the user's account.
    NotAccountAdmin,
    /// The tenant has closed this way back in.
    PathClosed(RecoveryPath),
    /// Support must say why.
    ReasonRequired,
    /// The user must prove more first.
    ReauthRequired(ReauthRule),
    /// The session must have passed the second factor.
    VerifiedSessionRequired,
    /// The vouched instant is too old or in the future.
    PasswordCheckStale,
    /// The tenant's policy is off.
    PolicyOff,
    /// The tenant's policy demands a second factor.
    PolicyRequires,
    /// Set-up happens at login for this tenant.
    EnrolAtLogin,
    /// The tenant does not allow this method.
    MethodNotAllowed(Method),
    /// Disable the active factor first (S3-09).
    DisableFirst,
    /// This many factors are active already.
    TooManyFactors,
    /// The same method is active already.
    AlreadyEnrolled,
    /// The tenant has no way to send on this channel.
    ChannelNotConfigured(Channel),
    /// The panel has registered no address or number.
    DestinationNotRegistered(Method),
    /// The user must enter an address or number.
    DestinationRequired(Method),
    /// The tenant sends to the registered one only.
    DestinationNotAllowed(Method),
    /// Another code cannot be asked for yet.
    ResendTooSoon {
        /// From when on it can.
        at: Timestamp,
    },
    /// There is nothing to reset, disable or regenerate.
    NotEnabled,
}
