//! Wire form of the events of one user.

use twofold_domain::actor::Role;
use twofold_domain::user::{
    AccountRef, Destination, DestinationRef, EnrolmentDetail, FailureReason, IssuedCode, Profile, Proof, Purpose,
    Receipt, Target, UserEvent,
};
use twofold_domain::{
    AccountId, ChallengeId, CodeNonce, EnrolmentId, FactorId, FactorKind, KeyedHash, MessageId, Method, Mode, Sealed,
    Timestamp, TotpParams,
};

use super::family::{choice, family, record};
use super::value::names;

family! {
    UserEvent of "user" {
        /// The panel told of a user for the first time.
        "user.registered" 1 => Registered(profile: Profile),
        /// The panel told of changes; carries the whole new profile.
        "user.profile_changed" 1 => ProfileChanged(profile: Profile),
        /// "Use 2FA" was set by somebody with the right, or, without a value, left to the tenant's policy again.
        "user.use_2fa_set" 1 => Use2faSet[value: Option<bool>],
        /// "Can toggle the use of 2FA" was set, or, without a value, left to the account or tenant again.
        "user.toggle_right_set" 1 => ToggleRightSet[value: Option<bool>],
        /// Set-up of a factor began; an older unfinished one is superseded.
        "enrolment.started" 1 => EnrolmentStarted {
            enrolment: EnrolmentId,
            challenge: Option<ChallengeId>,
            method: Method,
            detail: EnrolmentDetail,
            expires_at: Timestamp,
        },
        /// A new code for an unfinished set-up; the older one is dead.
        "enrolment.code_reissued" 1 => EnrolmentCodeReissued { enrolment: EnrolmentId, code: IssuedCode },
        /// The new factor was proved and is active; for an authenticator, the step used to prove it is spent.
        "enrolment.confirmed" 2 => EnrolmentConfirmed {
            enrolment: EnrolmentId,
            factor: FactorId,
            method: Method,
            step: Option<u64>,
            message: Option<MessageId>,
        },
        /// The second factor was switched on by its owner's first confirmed enrolment.
        "two_factor.enabled" 1 => TwoFactorEnabled,
        /// One factor went, because another replaced it.
        "factor.replaced" 1 => FactorReplaced { factor: FactorId, method: Method },
        /// A challenge was opened.
        "challenge.opened" 1 => ChallengeOpened {
            challenge: ChallengeId,
            purpose: Purpose,
            method: Option<Method>,
            setup: Option<EnrolmentId>,
            skippable: bool,
            code: Option<IssuedCode>,
            expires_at: Timestamp,
        },
        /// A new code for an open challenge; the older one is dead.
        "challenge.code_reissued" 1 => ChallengeCodeReissued { challenge: ChallengeId, code: IssuedCode },
        /// A code was right and is spent.
        "verification.succeeded" 1 => VerificationSucceeded { purpose: Purpose, target: Target, proof: Proof },
        /// A code was not accepted; `counted` when it was evaluated and so counts against the budget.
        "verification.failed" 1 => VerificationFailed {
            purpose: Purpose,
            target: Target,
            kind: FactorKind,
            reason: FailureReason,
            counted: bool,
            drift_steps: Option<i32>,
        },
        /// The budget of a factor is used up, until an instant or until somebody unlocks it.
        "factor.locked" 1 => FactorLocked { kind: FactorKind, failures: u32, until: Option<Timestamp> },
        /// Somebody with the right cleared a lock, or all of them.
        "factor.unlocked" 1 => FactorUnlocked { kind: Option<FactorKind> },
        /// A new set of recovery codes, in the order shown; older ones are dead.
        "recovery_codes.generated" 1 => RecoveryCodesGenerated { hashes: Vec<KeyedHash> },
        /// Only the authenticator factor was removed.
        "authenticator.reset" 1 => AuthenticatorReset { recovery_revoked: bool },
        /// All factors were removed; "Use 2FA" stays as it is, so the next login asks for set-up.
        "two_factor.reset" 1 => TwoFactorReset { recovery_revoked: bool },
        /// The second factor was switched off.
        "two_factor.disabled" 1 => TwoFactorDisabled {
            erased: bool,
            recovery_revoked: bool,
            challenge: Option<ChallengeId>,
        },
        /// The answer to an idempotent request, kept so that a retry gets the same one.
        "request.receipt_kept" 1 => ReceiptKept(receipt: Receipt),
        /// The user's key was destroyed; nothing personal can be read any more.
        "user.erased" 1 => UserErased,
    }
}

record! {
    Destination { sealed: Sealed, fingerprint: KeyedHash }
    AccountRef { id: AccountId, sealed: Sealed }
    Profile {
        mode: Mode,
        panel_id: Sealed,
        account: Option<AccountRef>,
        role: Role,
        email: Option<Destination>,
        phone: Option<Destination>,
        locale: Option<String>,
    }
    IssuedCode {
        message: MessageId,
        nonce: CodeNonce,
        method: Method,
        destination: KeyedHash,
        issued_at: Timestamp,
        expires_at: Timestamp,
        digits: u8,
    }
    Receipt { key: KeyedHash, body: KeyedHash, answer: Sealed }
}

choice! {
    DestinationRef { "registered" => Registered, "entered" => Entered(destination: Destination) }
    EnrolmentDetail {
        "totp" => Totp { secret: Sealed, params: TotpParams },
        "code" => Code { destination: DestinationRef, code: IssuedCode },
    }
    Target {
        "direct" => Direct,
        "challenge" => Challenge(id: ChallengeId),
        "enrolment" => Enrolment(id: EnrolmentId),
    }
    Proof {
        "totp" => Totp { factor: FactorId, step: u64, drift_steps: i32 },
        "code" => Code { method: Method, message: MessageId },
        "recovery_code" => RecoveryCode { index: u8 },
    }
}

names! {
    Role { User = "user", Admin = "admin" }
    Purpose { Login = "login", Reauth = "reauth", Enrolment = "enrolment" }
    FailureReason {
        WrongCode = "wrong_code",
        AlreadyUsed = "already_used",
        Expired = "expired",
        Superseded = "superseded",
    }
}
