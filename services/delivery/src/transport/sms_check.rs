//! What every SMS sender refuses before it connects.

use super::line::{breaks_lines, is_e164};
use super::message::OutgoingSms;
use super::outcome::SendError;

/// Longest body, in characters; Twilio's limit, and nobody else's is higher.
const BODY_MAX: usize = 1600;

/// The message, if it can be sent: E.164 number, bounded body with no control but LF, at least a second left to live.
pub(super) fn checked(sms: &OutgoingSms) -> Result<&OutgoingSms, SendError> {
    let odd = |c: char| breaks_lines(c) && c != '\n';
    if !is_e164(&sms.to_e164) {
        return Err(SendError::permanent("number_invalid"));
    }
    if sms.body.is_empty() || sms.body.chars().count() > BODY_MAX || sms.body.chars().any(odd) {
        return Err(SendError::permanent("body_invalid"));
    }
    if sms.remaining_life.as_secs() == 0 {
        return Err(SendError::permanent("expired"));
    }
    Ok(sms)
}
