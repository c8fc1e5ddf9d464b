//! Why a use case did not succeed. Internal texts are for logs; the API maps each kind to a stable problem code.

use twofold_crypto::VaultError;
use twofold_domain::sending::WithheldReason;
use twofold_domain::tenant::TenantRefusal;
use twofold_domain::user::Refusal;
use twofold_event_log::{AppendError, ReadError};

/// Why a use case did not succeed. Only `Refused` and `Invalid` are about the request.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rules said no; nothing changed.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The rules for tenants said no; nothing changed.
    #[error(transparent)]
    TenantRefused(#[from] TenantRefusal),
    /// A field is not usable; nothing changed.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What it accepts.
        problem: String,
    },
    /// What was typed has not the shape of a code, so it is no guess and costs no attempt.
    #[error("not the shape of a code")]
    MalformedCode,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used with another body")]
    IdempotencyKeyReused,
    /// The message must not go out; nothing changed.
    #[error("withheld: {}", reason.name())]
    Withheld {
        /// Why.
        reason: WithheldReason,
        /// Seconds until it can help to ask again; none: not by waiting.
        retry_after_secs: Option<u64>,
    },
    /// Others kept changing the same user; nothing changed.
    #[error("too many concurrent changes")]
    Conflict,
    /// Too much is waiting; nothing changed.
    #[error("overloaded")]
    Overloaded,
    /// Log or key store cannot be reached. Internal text.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The log holds something that cannot be read or was tampered with. Internal text.
    #[error("integrity: {0}")]
    Integrity(String),
}

impl EngineError {
    /// Whether the state as it was and the request led to this, so that on another state it could be otherwise.
    pub(crate) const fn is_about_the_request(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::TenantRefused(_)
            | Self::Invalid { .. }
            | Self::MalformedCode
            | Self::IdempotencyKeyReused
            | Self::Withheld { .. } => true,
            Self::Conflict | Self::Overloaded | Self::Unavailable(_) | Self::Integrity(_) => false,
        }
    }
}

impl From<Refusal> for EngineError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<AppendError> for EngineError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Conflict,
            AppendError::Overloaded => Self::Overloaded,
            AppendError::Unavailable { .. } | AppendError::TooLarge { .. } | AppendError::Invalid(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

impl From<ReadError> for EngineError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(text) => Self::Unavailable(text),
            ReadError::Corrupt(text) => Self::Integrity(text),
        }
    }
}

impl From<VaultError> for EngineError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Absent => Self::Integrity("the key of a registered user is missing".to_owned()),
            VaultError::Destroyed => Self::Refused(Refusal::UserErased),
            VaultError::Unavailable(_) => Self::Unavailable(error.to_string()),
            VaultError::Corrupt(_) => Self::Integrity(error.to_string()),
        }
    }
}
