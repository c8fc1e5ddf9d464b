//! What a user's authenticator app shows.

use twofold_crypto::totp::{DRIFT_SEARCH_STEPS, code_at};
use twofold_domain::TotpParams;

use crate::machine::unix_ms;

/// Seconds of a step, as every new factor has them unless the tenant says otherwise.
const STEP_SECS: u64 = 30;
/// Most steps by which the server's clock and ours may differ in what they accept, the window included.
const NEAR_STEPS: u64 = 2;

/// The step of now.
pub(crate) fn step_now() -> u64 {
    unix_ms() / (STEP_SECS * 1000)
}

/// The code of a step.
pub(crate) fn code(secret: &[u8], step: u64) -> String {
    code_at(secret, &TotpParams::default(), step).expose().to_owned()
}

/// A code that is right neither now nor soon, chosen by a number.
pub(crate) fn wrong_code(secret: &[u8], step: u64, choice: u64) -> String {
    let near: Vec<String> =
        (step.saturating_sub(NEAR_STEPS)..=step + NEAR_STEPS).map(|near| code(secret, near)).collect();
    // Of eight codes at least one is not among five.
    let candidates = (0..8).map(|n| format!("{:06}", choice.wrapping_add(n) % 1_000_000));
    candidates.into_iter().find(|candidate| !near.contains(candidate)).unwrap_or_default()
}

/// Whether a code belongs to several steps, so that the server may rightly take it for another one: two in a million do.
pub(super) fn is_ambiguous(secret: &[u8], step: u64) -> bool {
    let this = code(secret, step);
    near(step, NEAR_STEPS).any(|other| other != step && code(secret, other) == this)
}

/// Whether a code belongs to any step the server looks at, be it only to tell the drift of the user's clock.
pub(super) fn is_of_some_step(secret: &[u8], step: u64, code_sent: &str) -> bool {
    near(step, u64::from(DRIFT_SEARCH_STEPS) + NEAR_STEPS).any(|other| code(secret, other) == code_sent)
}

fn near(step: u64, distance: u64) -> impl Iterator<Item = u64> {
    step.saturating_sub(distance)..=step + distance
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_phone_shows_the_codes_of_rfc_6238() {
        // Appendix B, T = 1111111109 and 20000000000, the last six digits.
        assert_eq!(code(SECRET, 0x0235_23EC), "081804");
        assert_eq!(code(SECRET, 0x27BC_86AA), "353130");
    }

    #[test]
    fn a_wrong_code_is_none_of_the_codes_of_the_neighbouring_steps() {
        let step = 37_037_036;
        let right: u64 = code(SECRET, step + 1).parse().expect("digits");
        let wrong = wrong_code(SECRET, step, right);
        assert_eq!(wrong, format!("{:06}", (right + 1) % 1_000_000));
    }

    #[test]
    fn a_code_of_a_drifted_clock_is_told_from_one_of_no_step() {
        let drifted = code(SECRET, 1000 - 15);
        assert!(is_of_some_step(SECRET, 1000, &drifted));
        assert!(!is_of_some_step(SECRET, 2000, &drifted));
        assert!(!is_ambiguous(SECRET, 1000));
    }
}
