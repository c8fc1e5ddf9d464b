//! What Twilio's message states and error codes mean for a message and for its destination.

use twofold_domain::delivery::SuppressionCause;
use twofold_engine::{CallbackNews, Reported};

use super::fields::Fields;

/// What is known of a destination after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blame {
    /// It does not exist or takes no text messages.
    Destination,
    /// Its owner, or the owner's network on the owner's behalf, refuses messages of ours.
    OptOut,
    /// Something passing, the sender, the text or the way: the next message may fare better.
    Other,
}

/// Twilio's error and warning dictionary. Handsets that are only switched off (30003) and refusals of a text (30007) say
/// nothing against a number.
const fn blame(code: u32) -> Blame {
    match code {
        // Unknown or inactive; a landline or unreachable carrier; no valid number; not a mobile one.
        30005 | 30006 | 21211 | 21214 | 21217 | 21614 => Blame::Destination,
        // Blocked for this recipient; STOP was answered.
        30004 | 21610 => Blame::OptOut,
        _ => Blame::Other,
    }
}

/// Reads a status callback.
pub(super) fn read(fields: &Fields) -> CallbackNews {
    let state = fields.one("MessageStatus").or_else(|| fields.one("SmsStatus")).unwrap_or_default();
    let code = fields.one("ErrorCode").and_then(|text| text.parse::<u32>().ok());
    let (what, suppress) = match state {
        "delivered" | "read" => (Reported::Delivered, None),
        "undelivered" | "failed" | "canceled" => {
            let blame = code.map_or(Blame::Other, blame);
            let cause = code.map_or_else(|| state.to_owned(), |code| format!("{state} ({code})"));
            let suppress = match blame {
                Blame::Destination => Some(SuppressionCause::Bounced),
                Blame::OptOut => Some(SuppressionCause::OptedOut),
                Blame::Other => None,
            };
            (Reported::Bounced { cause, permanent: blame != Blame::Other }, suppress)
        }
        // accepted, scheduled, queued, sending, sent: nothing is over yet.
        _ => return CallbackNews::Nothing,
    };
    let sid = fields.one("MessageSid").or_else(|| fields.one("SmsSid"));
    CallbackNews::Status { provider_id: sid.map(str::to_owned), what, suppress }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(form: &str) -> CallbackNews {
        read(&Fields::of_form(form.as_bytes()).expect("few"))
    }

    #[test]
    fn states_and_codes_mean_what_twilio_says() {
        for state in ["accepted", "scheduled", "queued", "sending", "sent", "", "Delivered", "receiving"] {
            assert_eq!(news(&format!("MessageSid=SM1&MessageStatus={state}")), CallbackNews::Nothing, "{state}");
        }
        let delivered =
            CallbackNews::Status { provider_id: Some("SM1".to_owned()), what: Reported::Delivered, suppress: None };
        assert_eq!(news("MessageSid=SM1&MessageStatus=delivered"), delivered);
        let (bounced, opted) = (Some(SuppressionCause::Bounced), Some(SuppressionCause::OptedOut));
        for (state, code, wanted, permanent, listed) in [
            ("undelivered", "30003", "undelivered (30003)", false, None),
            ("undelivered", "30004", "undelivered (30004)", true, opted),
            ("undelivered", "30005", "undelivered (30005)", true, bounced),
            ("undelivered", "30006", "undelivered (30006)", true, bounced),
            ("undelivered", "30007", "undelivered (30007)", false, None),
            ("undelivered", "30008", "undelivered (30008)", false, None),
            ("failed", "21610", "failed (21610)", true, opted),
            ("failed", "30034", "failed (30034)", false, None),
            ("failed", "", "failed", false, None),
            ("failed", "+4915", "failed (4915)", false, None),
        ] {
            let code = code.replace('+', "%2B");
            let found = news(&format!("MessageSid=SM1&MessageStatus={state}&ErrorCode={code}"));
            let what = Reported::Bounced { cause: wanted.to_owned(), permanent };
            assert_eq!(found, CallbackNews::Status { provider_id: Some("SM1".to_owned()), what, suppress: listed });
        }
    }
}
