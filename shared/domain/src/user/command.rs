//! What can be asked of one user's second factor. Time, randomness and the result of looking at a code arrive here.

use super::event::{AccountRef, Destination, Purpose, Target};
use crate::actor::{Actor, Role};
use crate::settings::Settings;
use crate::{
    ChallengeId, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyedHash, MessageId, Method, Mode, Sealed, Timestamp,
};

/// A command with everything the rules need to decide it.
#[derive(Debug, Clone)]
pub struct Command<'a> {
    /// The server's clock.
    pub now: Timestamp,
    /// Who acts.
    pub actor: Actor,
    /// The effective rules.
    pub settings: &'a Settings,
    /// Which channels the tenant can send on.
    pub channels: ChannelsReady,
    /// Randomness.
    pub fresh: &'a Fresh,
    /// What is asked.
    pub kind: CommandKind,
}

/// Channels the tenant has configured. Without one, set-up by it is refused rather than silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelsReady {
    /// E-mail can be sent.
    pub email: bool,
    /// SMS can be sent.
    pub sms: bool,
}

/// Ids and nonces drawn for this command; what is not needed is thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// For a new enrolment.
    pub enrolment: EnrolmentId,
    /// For a new challenge.
    pub challenge: ChallengeId,
    /// For a new factor.
    pub factor: FactorId,
    /// For the message with the code.
    pub message: MessageId,
    /// For the notice to the owner.
    pub notice: MessageId,
    /// For the code.
    pub nonce: CodeNonce,
}

/// A value left alone, cleared or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Left as it is.
    #[default]
    Keep,
    /// Cleared.
    Clear,
    /// Set.
    Set(T),
}

impl<T: Clone> Patch<T> {
    pub(super) fn apply(&self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// What the panel tells of a user. What is left out keeps its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfilePatch {
    /// Live or test.
    pub mode: Mode,
    /// The panel's own user id, sealed; used when the user is new.
    pub panel_id: Sealed,
    /// Account.
    pub account: Patch<AccountRef>,
    /// Role inside the account.
    pub role: Option<Role>,
    /// Registered e-mail address.
    pub email: Patch<Destination>,
    /// Registered mobile number.
    pub phone: Patch<Destination>,
    /// Language.
    pub locale: Patch<String>,
    /// "Use 2FA" (S2-02).
    pub use_2fa: Patch<bool>,
    /// "Can toggle the use of 2FA" (S2-04).
    pub may_toggle: Patch<bool>,
}

/// What somebody typed is tried against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Challenge, enrolment or neither.
    pub target: Target,
    /// Why: login or re-authentication. Ignored for enrolments.
    pub purpose: Purpose,
    /// The factor it is meant for; none: whatever the target asks for.
    pub kind: Option<FactorKind>,
}

/// The result of looking at what somebody typed. Made by the crypto crate after [`super::gate`] said what to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The gate said not to look.
    NotEvaluated,
    /// TOTP.
    Totp {
        /// The step whose code it is, inside the window.
        step: Option<u64>,
        /// On a match, matched step minus current step; on none, how far off it would have matched.
        drift_steps: Option<i32>,
    },
    /// E-mail or SMS code.
    Code {
        /// Whether it is the code.
        matches: bool,
    },
    /// Recovery code.
    RecoveryCode {
        /// Position of the unspent code it is.
        index: Option<u8>,
    },
}

/// What the user has proved just now (C14).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReauthProof {
    /// The user confirmed.
    pub confirmed: bool,
    /// When the panel last checked the login password.
    pub password_at: Option<Timestamp>,
    /// The panel's session passed the second factor.
    pub session_verified: bool,
    /// A code and what became of it.
    pub code: Option<(Attempt, Evidence)>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandKind {
    /// Register or change a user.
    PutProfile(ProfilePatch),
    /// Begin set-up of a factor.
    StartEnrolment {
        /// The method.
        method: Method,
        /// A new authenticator secret, sealed.
        secret: Sealed,
        /// The address or number the user entered.
        entered: Option<Destination>,
        /// What the user proved.
        reauth: ReauthProof,
    },
    /// Send the set-up code again.
    ResendEnrolmentCode {
        /// The enrolment.
        enrolment: EnrolmentId,
    },
    /// Prove the new factor.
    ConfirmEnrolment {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// What became of the code.
        evidence: Evidence,
        /// Hashes of a new recovery set, used when one is due.
        recovery: Vec<KeyedHash>,
    },
    /// Ask what the login page must show, or step up before a sensitive change.
    OpenChallenge {
        /// Login or re-authentication.
        purpose: Purpose,
        /// The wanted method; none: the preferred one.
        method: Option<Method>,
        /// A new authenticator secret, sealed, used when set-up is asked for.
        secret: Sealed,
        /// The address or number the user entered, for set-up by e-mail or SMS.
        entered: Option<Destination>,
    },
    /// Send the code of a challenge again.
    ResendChallengeCode {
        /// The challenge.
        challenge: ChallengeId,
    },
    /// Try a code.
    Verify {
        /// Against what.
        attempt: Attempt,
        /// What became of it.
        evidence: Evidence,
        /// Hashes of a new recovery set, used when the code completes a set-up.
        recovery: Vec<KeyedHash>,
    },
    /// "Disable 2FA" on a login page that asks for set-up (S2-13).
    DisableAtLogin {
        /// The challenge.
        challenge: ChallengeId,
    },
    /// Remove only the authenticator (S0-14).
    ResetAuthenticator {
        /// What the user proved.
        reauth: ReauthProof,
    },
    /// Remove all factors; "Use 2FA" stays (S2-15, S2-16).
    Reset {
        /// What the user proved.
        reauth: ReauthProof,
    },
    /// Switch the second factor off (S0-11, S4-13).
    Disable {
        /// What the user proved.
        reauth: ReauthProof,
    },
    /// Make new recovery codes (S1-06).
    RegenerateRecoveryCodes {
        /// What the user proved.
        reauth: ReauthProof,
        /// Hashes of the new set.
        recovery: Vec<KeyedHash>,
    },
    /// Clear a lock.
    Unlock {
        /// Whose; none: all.
        kind: Option<FactorKind>,
    },
    /// Record that the user's key was destroyed.
    Erase,
}
