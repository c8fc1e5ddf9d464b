//! Time-based one-time passwords (RFC 6238): secrets, evaluation, and the QR code an authenticator app scans.

mod base32;
mod evaluate;
mod qr;
mod uri;

use zeroize::Zeroizing;

pub use base32::{MAX_SECRET_BYTES, MIN_SECRET_BYTES, TotpSecretError, base32, parse_base32};
pub use evaluate::{DRIFT_SEARCH_STEPS, MAX_SKEW_STEPS, TotpEvaluation, code_at, evaluate, step_at};
pub use qr::{QrError, qr_svg, qr_terminal};
pub use uri::otpauth_uri;

use crate::random::Random;

/// Bytes of a new secret: 160 bits, as RFC 4226 section 4 R6 recommends (C7).
pub const SECRET_BYTES: usize = 20;

/// Draws a new secret of [`SECRET_BYTES`].
pub fn generate_secret(rng: &dyn Random) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
    rng.fill(&mut secret);
    secret
}
