//! STOP and START, written by the owner of a number.

use twofold_engine::CallbackNews;

use super::fields::Fields;
use crate::transport::is_e164;

/// The words that Twilio itself takes for a refusal, in capitals.
const STOP: [&str; 8] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
/// And for wanting messages again.
const START: [&str; 3] = ["START", "YES", "UNSTOP"];

/// Reads an inbound message. Only one that is nothing but such a word counts; with Twilio's own keyword handling it says
/// in `OptOutType` what it took the message for, in whichever language.
pub(super) fn read(fields: &Fields) -> CallbackNews {
    let word = fields.one("OptOutType").or_else(|| fields.one("Body")).unwrap_or_default().trim().to_ascii_uppercase();
    let stop = STOP.contains(&word.as_str());
    if !stop && !START.contains(&word.as_str()) {
        return CallbackNews::Nothing;
    }
    let number = fields.one("From").filter(|number| is_e164(number));
    let id = fields.one("MessageSid").filter(|id| !id.is_empty());
    match (number, id) {
        (Some(number), Some(id)) => CallbackNews::OptOut { number: number.to_owned(), id: id.to_owned(), stop },
        (_, _) => CallbackNews::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(form: &str) -> Option<bool> {
        match read(&Fields::of_form(form.as_bytes()).expect("few")) {
            CallbackNews::OptOut { stop, .. } => Some(stop),
            CallbackNews::Nothing => None,
            CallbackNews::Status { .. } => unreachable!("an inbound message is no status"),
        }
    }

    #[test]
    fn a_word_alone_counts_and_a_sentence_does_not() {
        let from = "MessageSid=SM1&From=%2B447400123456";
        for (body, wanted) in [
            ("Body=STOP", Some(true)),
            ("Body=+stop%0A", Some(true)),
            ("Body=Unsubscribe", Some(true)),
            ("Body=start", Some(false)),
            ("Body=Please+stop", None),
            ("Body=", None),
            ("Body=123456", None),
            ("Body=ARRET&OptOutType=STOP", Some(true)),
            ("Body=STOP&OptOutType=HELP", None),
        ] {
            assert_eq!(stop(&format!("{from}&{body}")), wanted, "{body}");
        }
        assert_eq!(stop("MessageSid=SM1&From=12345&Body=STOP"), None, "a short code is nobody's number");
        assert_eq!(
            stop("From=%2B447400123456&Body=STOP"),
            None,
            "without an id it could not be told from a repetition"
        );
    }
}
