//! Looking at what somebody typed, once the rules have said what to compare it with.

use twofold_crypto::totp::evaluate as evaluate_totp;
use twofold_crypto::{CodeContext, DataKey, Keyring, OneTimeCode, PresentedCode, PresentedRecovery, recovery};
use twofold_domain::user::{Evidence, Gate, IssuedCode, Purpose};
use twofold_domain::{TenantId, Timestamp, UserToken};

use super::ask::Typed;
use crate::error::EngineError;
use crate::seal::{Label, aad};

/// Whose codes these are.
pub(super) struct Owner<'a> {
    pub tenant: &'a TenantId,
    pub user: &'a UserToken,
    pub key: &'a DataKey,
    pub keyring: &'a Keyring,
}

pub(super) fn evaluate(
    owner: &Owner<'_>,
    gate: &Gate<'_>,
    typed: &Typed,
    now: Timestamp,
) -> Result<Evidence, EngineError> {
    match gate {
        Gate::Closed { .. } => Ok(Evidence::NotEvaluated),
        Gate::Totp { secret, params, .. } => {
            let presented = digits(typed, params.digits)?;
            let secret = owner
                .key
                .open(&aad(Label::TotpSecret, owner.tenant.as_str(), owner.user.as_str()), secret)
                .map_err(|e| EngineError::Integrity(e.to_string()))?;
            let found = evaluate_totp(&secret, params, &presented, now);
            Ok(Evidence::Totp { step: found.step, drift_steps: found.drift_steps })
        }
        Gate::Code { code, purpose, reference } => {
            let presented = digits(typed, code.digits)?;
            Ok(Evidence::Code { matches: code_of(owner.key, code, *purpose, reference).matches(&presented) })
        }
        Gate::RecoveryCode { set } => {
            let presented = PresentedRecovery::parse(typed.text()).map_err(|_| EngineError::MalformedCode)?;
            let hash = owner.keyring.recovery_hash(owner.tenant, owner.user, presented.expose());
            let index = recovery::find(set, &hash).and_then(|index| u8::try_from(index).ok());
            Ok(Evidence::RecoveryCode { index })
        }
    }
}

/// The code that was, or is to be, sent.
pub fn code_of(key: &DataKey, code: &IssuedCode, purpose: Purpose, reference: &str) -> OneTimeCode {
    key.code(&CodeContext {
        purpose: purpose.name(),
        reference,
        destination: &code.destination,
        nonce: code.nonce,
        digits: code.digits,
    })
}

/// A code of another length can never be right, so it is a slip of the finger and no guess.
fn digits(typed: &Typed, expected: u8) -> Result<PresentedCode, EngineError> {
    let presented = PresentedCode::parse(typed.text()).map_err(|_| EngineError::MalformedCode)?;
    if presented.digits() == expected { Ok(presented) } else { Err(EngineError::MalformedCode) }
}
