//! Which time step, if any, a typed code belongs to (RFC 6238 section 5.2).
//!
//! Computed here and not with totp-rs, which stays the second opinion of the tests: its `check` prepares the HMAC
//! key anew for every step, stops at the first match (so the time taken tells which step matched), and answers
//! the oldest step where two of the window give the same code. Single use needs the newest.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use twofold_domain::{Algorithm, Timestamp, TotpParams};

use crate::codes::{MAX_DIGITS, MIN_DIGITS, OneTimeCode, PresentedCode};

/// Steps either side of the present that are searched for the drift shown to support: 10 minutes at 30 seconds.
pub const DRIFT_SEARCH_STEPS: u8 = 20;
/// Most steps accepted either side of the present, whatever the parameters say (C4).
pub const MAX_SKEW_STEPS: u8 = 1;

/// What a typed code turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TotpEvaluation {
    /// The newest step within the accepted window whose code this is. That it was not used before is for the domain
    /// to decide.
    pub step: Option<u64>,
    /// When no step of the window matched: how far the nearest step is whose code this is, in steps, negative when
    /// the authenticator's clock is behind. For support only; never widens what is accepted (C4).
    pub drift_steps: Option<i32>,
}

/// The time step of an instant: whole periods since the epoch (RFC 6238 section 4.2).
pub fn step_at(params: &TotpParams, now: Timestamp) -> u64 {
    now.as_secs() / u64::from(params.period_secs.max(1))
}

/// The code of one step, of `params.digits` digits held within 6..=8.
pub fn code_at(secret: &[u8], params: &TotpParams, step: u64) -> OneTimeCode {
    let number = match params.algorithm {
        Algorithm::Sha1 => truncated(&keyed::<Hmac<Sha1>>(secret), step),
        Algorithm::Sha256 => truncated(&keyed::<Hmac<Sha256>>(secret), step),
        Algorithm::Sha512 => truncated(&keyed::<Hmac<Sha512>>(secret), step),
    };
    OneTimeCode::from_number(u64::from(number), params.digits)
}

/// Finds the step of a typed code. A code of another length than `params.digits` matches nothing.
///
/// Computes every step of the window whether or not one matched before, and compares in constant time (C22). Only
/// when none matched are the further steps up to [`DRIFT_SEARCH_STEPS`] computed, all of them.
pub fn evaluate(secret: &[u8], params: &TotpParams, code: &PresentedCode, now: Timestamp) -> TotpEvaluation {
    match params.algorithm {
        Algorithm::Sha1 => search(&keyed::<Hmac<Sha1>>(secret), *params, code, now),
        Algorithm::Sha256 => search(&keyed::<Hmac<Sha256>>(secret), *params, code, now),
        Algorithm::Sha512 => search(&keyed::<Hmac<Sha512>>(secret), *params, code, now),
    }
}

fn search<M: Mac + Clone>(mac: &M, params: TotpParams, code: &PresentedCode, now: Timestamp) -> TotpEvaluation {
    if code.digits() != params.digits {
        return TotpEvaluation { step: None, drift_steps: None };
    }
    let modulus = 10_u32.pow(u32::from(params.digits.clamp(MIN_DIGITS, MAX_DIGITS)));
    let typed = code.number();
    let is_code_of = |step: u64| (truncated(mac, step) % modulus).ct_eq(&typed);
    let present = step_at(&params, now);
    let skew = params.skew_steps.min(MAX_SKEW_STEPS);

    let mut step = 0_u64;
    let mut found = Choice::from(0);
    // From old to new, so that the newest match is the one that stays.
    for candidate in present.saturating_sub(u64::from(skew))..=present.saturating_add(u64::from(skew)) {
        let hit = is_code_of(candidate);
        step.conditional_assign(&candidate, hit);
        found |= hit;
    }
    if found.into() {
        return TotpEvaluation { step: Some(step), drift_steps: None };
    }
    TotpEvaluation { step: None, drift_steps: drift(present, skew, is_code_of) }
}

/// The nearest step outside the window that matches; of two equally near, the one behind.
fn drift(present: u64, skew: u8, is_code_of: impl Fn(u64) -> Choice) -> Option<i32> {
    let mut drift = 0_i32;
    let mut found = Choice::from(0);
    // From far to near, so that the nearest match is the one that stays.
    for distance in (skew + 1..=DRIFT_SEARCH_STEPS).rev() {
        for offset in [i32::from(distance), -i32::from(distance)] {
            let Some(candidate) = present.checked_add_signed(i64::from(offset)) else { continue };
            let hit = is_code_of(candidate);
            drift.conditional_assign(&offset, hit);
            found |= hit;
        }
    }
    if found.into() { Some(drift) } else { None }
}

fn keyed<M: KeyInit>(secret: &[u8]) -> M {
    let Ok(mac) = M::new_from_slice(secret) else { unreachable!("HMAC takes keys of any length") };
    mac
}

/// HOTP before the reduction to digits: dynamic truncation, RFC 4226 section 5.3.
fn truncated<M: Mac + Clone>(mac: &M, step: u64) -> u32 {
    let mut mac = mac.clone();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[digest.len() - 1] & 0x0f);
    u32::from_be_bytes([digest[offset] & 0x7f, digest[offset + 1], digest[offset + 2], digest[offset + 3]])
}
