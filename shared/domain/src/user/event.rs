//! What can happen to one user's second factor. Facts, in the past tense; the wire form lives in the event-log crate.

use crate::actor::Role;
use crate::{
    AccountId, ChallengeId, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyedHash, MessageId, Method, Mode, Sealed,
    Timestamp, TotpParams,
};

/// An address or number: sealed, with a keyed hash to tell whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address or E.164 number under the user's key.
    pub sealed: Sealed,
    /// Keyed hash of it.
    pub fingerprint: KeyedHash,
}

/// The account a user belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRef {
    /// Opaque id.
    pub id: AccountId,
    /// The panel's own account id under the user's key.
    pub sealed: Sealed,
}

/// What the panel told about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Live or test.
    pub mode: Mode,
    /// The panel's own user id under the user's key.
    pub panel_id: Sealed,
    /// Account, if the panel has any.
    pub account: Option<AccountRef>,
    /// Role inside the account.
    pub role: Role,
    /// Registered primary e-mail address.
    pub email: Option<Destination>,
    /// Registered mobile number.
    pub phone: Option<Destination>,
    /// Language of the user.
    pub locale: Option<String>,
}

/// Where the codes of an e-mail or SMS factor go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DestinationRef {
    /// Always to the registered one, also after the panel changes it (S3-05, S3-06).
    Registered,
    /// To the one the user entered and proved (S4-08 to S4-11).
    Entered(Destination),
}

/// A code that was made and handed to delivery. The code itself is stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCode {
    /// The message that carries it.
    pub message: MessageId,
    /// What it is derived from.
    pub nonce: CodeNonce,
    /// E-mail or SMS.
    pub method: Method,
    /// Fingerprint of the destination it was sent to (C9).
    pub destination: KeyedHash,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it dies.
    pub expires_at: Timestamp,
    /// 6 or 8.
    pub digits: u8,
}

/// What an enrolment will become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnrolmentDetail {
    /// Authenticator app.
    Totp {
        /// The secret under the user's key.
        secret: Sealed,
        /// Its parameters.
        params: TotpParams,
    },
    /// E-mail or SMS.
    Code {
        /// Where the code went.
        destination: DestinationRef,
        /// The code.
        code: IssuedCode,
    },
}

/// Why a code is asked for (C9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To log in.
    Login,
    /// To confirm a sensitive change.
    Reauth,
    /// To prove a new factor.
    Enrolment,
}

impl Purpose {
    /// The stable name in JSON and code derivation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Reauth => "reauth",
            Self::Enrolment => "enrolment",
        }
    }
}

/// What an attempt was made against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The one-shot verification: no challenge.
    Direct,
    /// A challenge.
    Challenge(ChallengeId),
    /// An enrolment.
    Enrolment(EnrolmentId),
}

/// How a success was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// TOTP: the step is spent (invariant 2).
    Totp {
        /// The factor.
        factor: FactorId,
        /// The accepted step.
        step: u64,
        /// Accepted step minus the step of the server's clock.
        drift_steps: i32,
    },
    /// E-mail or SMS code: the code is spent.
    Code {
        /// E-mail or SMS.
        method: Method,
        /// The message that carried the code.
        message: MessageId,
    },
    /// Recovery code: spent.
    RecoveryCode {
        /// Position in the set.
        index: u8,
    },
}

impl Proof {
    /// The budget the proof belongs to.
    pub const fn kind(&self) -> FactorKind {
        match self {
            Self::Totp { .. } => FactorKind::Totp,
            Self::Code { method, .. } => match method {
                Method::Totp => FactorKind::Totp,
                Method::Email => FactorKind::Email,
                Method::Sms => FactorKind::Sms,
            },
            Self::RecoveryCode { .. } => FactorKind::RecoveryCode,
        }
    }
}

/// Why an attempt failed. Support sees it; the caller sees only what helps no attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureReason {
    /// Evaluated and not right.
    WrongCode,
    /// Right once, spent already; or the challenge was completed already.
    AlreadyUsed,
    /// The code or its challenge is past its life; not evaluated.
    Expired,
    /// A newer code or a changed destination replaced it; not evaluated.
    Superseded,
}

impl FailureReason {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongCode => "wrong_code",
            Self::AlreadyUsed => "already_used",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }
}

/// Everything that can happen to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserEvent {
    /// The panel told of a user for the first time.
    Registered(Profile),
    /// The panel told of changes; carries the whole new profile.
    ProfileChanged(Profile),
    /// "Use 2FA" was set by somebody with the right, or cleared to "as the tenant's policy says".
    Use2faSet(Option<bool>),
    /// "Can toggle the use of 2FA" was set, or cleared to "as the account or tenant says".
    ToggleRightSet(Option<bool>),
    /// Set-up of a factor began; an older unfinished one is superseded.
    EnrolmentStarted {
        /// Its id.
        enrolment: EnrolmentId,
        /// The login it is part of, if any.
        challenge: Option<ChallengeId>,
        /// The method.
        method: Method,
        /// Secret or destination.
        detail: EnrolmentDetail,
        /// When it dies unfinished.
        expires_at: Timestamp,
    },
    /// A new code for an unfinished set-up; the older one is dead (C23).
    EnrolmentCodeReissued {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// The new code.
        code: IssuedCode,
    },
    /// The new factor was proved and is active.
    EnrolmentConfirmed {
        /// The enrolment.
        enrolment: EnrolmentId,
        /// The factor it became.
        factor: FactorId,
        /// Its method.
        method: Method,
        /// TOTP: the step used to enrol, which cannot log in (invariant 2).
        step: Option<u64>,
        /// E-mail or SMS: the message that carried the code; none when it was not yet written down.
        message: Option<MessageId>,
    },
    /// The second factor was switched on by its owner's first confirmed enrolment.
    TwoFactorEnabled,
    /// One factor went, because another replaced it.
    FactorReplaced {
        /// The factor that went.
        factor: FactorId,
        /// Its method.
        method: Method,
    },
    /// A challenge was opened.
    ChallengeOpened {
        /// Its id.
        challenge: ChallengeId,
        /// Login or re-authentication.
        purpose: Purpose,
        /// The method asked for; none when set-up is asked for.
        method: Option<Method>,
        /// The enrolment inside, when set-up is asked for.
        setup: Option<EnrolmentId>,
        /// Whether the set-up may be skipped.
        skippable: bool,
        /// The code that was sent, for e-mail and SMS.
        code: Option<IssuedCode>,
        /// When the challenge dies.
        expires_at: Timestamp,
    },
    /// A new code for an open challenge; the older one is dead (C23).
    ChallengeCodeReissued {
        /// The challenge.
        challenge: ChallengeId,
        /// The new code.
        code: IssuedCode,
    },
    /// A code was right and is spent.
    VerificationSucceeded {
        /// Why it was asked for.
        purpose: Purpose,
        /// Against what.
        target: Target,
        /// How.
        proof: Proof,
    },
    /// A code was not accepted.
    VerificationFailed {
        /// Why it was asked for.
        purpose: Purpose,
        /// Against what.
        target: Target,
        /// Whose budget.
        kind: FactorKind,
        /// Why.
        reason: FailureReason,
        /// Whether it was evaluated and so counts against the budget.
        counted: bool,
        /// TOTP: the code would have been right this many steps away. For support: the phone's clock is off (S2-12).
        drift_steps: Option<i32>,
    },
    /// The budget of a factor is used up.
    FactorLocked {
        /// Whose budget.
        kind: FactorKind,
        /// Failures in a row.
        failures: u32,
        /// Until when; none: until somebody unlocks it.
        until: Option<Timestamp>,
    },
    /// Somebody with the right cleared a lock; none: all of them.
    FactorUnlocked {
        /// Whose budget.
        kind: Option<FactorKind>,
    },
    /// A new set of recovery codes; older ones are dead.
    RecoveryCodesGenerated {
        /// Keyed hashes, in the order shown.
        hashes: Vec<KeyedHash>,
    },
    /// Only the authenticator factor was removed (S0-14).
    AuthenticatorReset {
        /// Whether the recovery codes died with it.
        recovery_revoked: bool,
    },
    /// All factors were removed; "Use 2FA" stays as it is, so the next login asks for set-up (S2-15).
    TwoFactorReset {
        /// Whether the recovery codes died with them.
        recovery_revoked: bool,
    },
    /// The second factor was switched off.
    TwoFactorDisabled {
        /// Whether the factors were erased or sleep.
        erased: bool,
        /// Whether the recovery codes died.
        recovery_revoked: bool,
        /// The login it completed (S2-13), if any.
        challenge: Option<ChallengeId>,
    },
    /// The answer to an idempotent request, kept so that a retry gets the same one.
    ReceiptKept(Receipt),
    /// The user's key was destroyed; nothing personal can be read any more.
    UserErased,
}

/// The answer to an idempotent request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Keyed hash of the idempotency key and the route.
    pub key: KeyedHash,
    /// Keyed hash of the request's body.
    pub body: KeyedHash,
    /// The answer under the user's key, without anything that is shown once.
    pub answer: Sealed,
}

impl UserEvent {
    /// The stable dotted name, also the wire type and the audit's `kind`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Registered(_) => "user.registered",
            Self::ProfileChanged(_) => "user.profile_changed",
            Self::Use2faSet(_) => "user.use_2fa_set",
            Self::ToggleRightSet(_) => "user.toggle_right_set",
            Self::EnrolmentStarted { .. } => "enrolment.started",
            Self::EnrolmentCodeReissued { .. } => "enrolment.code_reissued",
            Self::EnrolmentConfirmed { .. } => "enrolment.confirmed",
            Self::TwoFactorEnabled => "two_factor.enabled",
            Self::FactorReplaced { .. } => "factor.replaced",
            Self::ChallengeOpened { .. } => "challenge.opened",
            Self::ChallengeCodeReissued { .. } => "challenge.code_reissued",
            Self::VerificationSucceeded { .. } => "verification.succeeded",
            Self::VerificationFailed { .. } => "verification.failed",
            Self::FactorLocked { .. } => "factor.locked",
            Self::FactorUnlocked { .. } => "factor.unlocked",
            Self::RecoveryCodesGenerated { .. } => "recovery_codes.generated",
            Self::AuthenticatorReset { .. } => "authenticator.reset",
            Self::TwoFactorReset { .. } => "two_factor.reset",
            Self::TwoFactorDisabled { .. } => "two_factor.disabled",
            Self::ReceiptKept(_) => "request.receipt_kept",
            Self::UserErased => "user.erased",
        }
    }
}
