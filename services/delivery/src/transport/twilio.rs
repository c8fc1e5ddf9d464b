//! Twilio's Messages resource, API version 2010-04-01.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::Surroundings;
use super::config::{ConfigErrors, SmsChannel};
use super::http::{Answer, GuardedHttp};
use super::message::OutgoingSms;
use super::outcome::{About, Accepted, OPTED_OUT, SendError};
use super::sms_check::checked;

/// `ValidityPeriod` in seconds: Twilio's published interface description allows 1 to 36,000.
const VALIDITY_MAX_SECS: u64 = 36_000;

/// Sends through one Twilio account.
pub struct TwilioSender {
    http: GuardedHttp,
    user: String,
    password: SecretString,
    /// `From` or `MessagingServiceSid`, and its value.
    sender: (&'static str, String),
    status_callback: Option<String>,
}

impl std::fmt::Debug for TwilioSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TwilioSender").field("host", &self.http.url.host_str()).finish_non_exhaustive()
    }
}

/// The parts of Twilio's answers we read; both for success (`sid`) and failure (`code`).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reply {
    sid: Option<String>,
    code: Option<u32>,
}

impl TwilioSender {
    /// Prepares for a channel that passed its own validation.
    ///
    /// # Errors
    /// A base URL the address policy refuses.
    pub fn new(channel: &SmsChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        channel.validate()?;
        let config = channel.twilio.as_ref().ok_or_else(|| ConfigErrors::one("twilio", "is missing"))?;
        let base = config.base_url.trim_end_matches('/');
        let url = format!("{base}/2010-04-01/Accounts/{}/Messages.json", config.account_sid);
        let http = GuardedHttp::new("twilio.base_url", &url, around, channel.timeout_ms)?;
        let (user, password) = match (&config.auth_token, &config.api_key_sid, &config.api_key_secret) {
            (Some(token), _, _) => (config.account_sid.clone(), token.clone()),
            (None, Some(sid), Some(secret)) => (sid.clone(), secret.clone()),
            (None, _, _) => return Err(ConfigErrors::one("twilio.auth_token", "is missing")),
        };
        let sender = match (&config.from, &config.messaging_service_sid) {
            (Some(from), _) => ("From", from.clone()),
            (None, Some(service)) => ("MessagingServiceSid", service.clone()),
            (None, None) => return Err(ConfigErrors::one("twilio.from", "is missing")),
        };
        Ok(Self { http, user, password, sender, status_callback: config.status_callback.clone() })
    }

    /// Makes one attempt.
    ///
    /// # Errors
    /// See [`SendError`]; `provider_code` is Twilio's error code, or the HTTP status when there is none.
    pub async fn send(&self, sms: &OutgoingSms) -> Result<Accepted, SendError> {
        let sms = checked(sms)?;
        let validity = sms.remaining_life.as_secs().min(VALIDITY_MAX_SECS).to_string();
        let mut form = vec![
            ("To", sms.to_e164.as_str()),
            (self.sender.0, self.sender.1.as_str()),
            ("Body", sms.body.as_str()),
            ("ValidityPeriod", validity.as_str()),
        ];
        if let Some(callback) = self.status_callback.as_deref().or(sms.status_callback.as_deref()) {
            form.push(("StatusCallback", callback));
        }
        let request = self
            .http
            .client
            .post(self.http.url.clone())
            .basic_auth(&self.user, Some(self.password.expose_secret()))
            .form(&form);
        let answer = self.http.exchange(request, sms.remaining_life).await?;
        judge(&answer)
    }
}

/// What an answer means for the message.
fn judge(answer: &Answer) -> Result<Accepted, SendError> {
    let reply: Reply = serde_json::from_slice(&answer.body).unwrap_or_default();
    if (200..300).contains(&answer.status) {
        return Ok(Accepted::with_id(reply.sid.as_deref()));
    }
    let code = reply.code.map_or_else(|| answer.status.to_string(), |code| code.to_string());
    Err(classify(answer, reply.code.unwrap_or(0)).with_code(&code))
}

/// Codes of Twilio's dictionary of errors (<https://www.twilio.com/docs/api/errors>), as they come with a request that
/// was not accepted. What becomes of an accepted message, 30003 to 30008 among it, comes by callback.
fn classify(answer: &Answer, code: u32) -> SendError {
    let busy = || SendError::Temporary {
        reason: "provider_busy",
        provider_code: None,
        retry_after: answer.retry_after,
        about: About::Provider,
    };
    match (answer.status, code) {
        // Its owner said STOP. To us, whatever provider carries it.
        (_, 21610) => SendError::recipient_refused(OPTED_OUT),
        // The number: invalid, unreachable, a short code, the sender itself, a premium number, not mobile, a landline.
        (_, 21211 | 21214 | 21217 | 21265 | 21266 | 21268 | 21614 | 21635) => {
            SendError::recipient_refused("recipient_refused")
        }
        // A region switched off for the account, no way from this sender to that number, or a trial account: others may.
        (_, 21408) => SendError::not_by_this_provider("region_not_enabled"),
        (_, 21612) => SendError::not_by_this_provider("no_route"),
        (_, 21219 | 21267 | 21608) => SendError::misconfigured("trial_account"),
        (_, 21602 | 21605 | 21617) => SendError::permanent("message_refused"),
        (408 | 425 | 429 | 500.., _) | (_, 14107 | 20429 | 20500 | 20503 | 21611 | 30001) => busy(),
        (401 | 403, _) | (_, 10001 | 20003 | 20005 | 20006 | 20008) => SendError::misconfigured("credentials_refused"),
        // The account or service does not exist, or the sender is not the account's to use.
        (404, _) | (_, 20404 | 21212 | 21603 | 21606 | 21607 | 21659..=21661 | 21701 | 21703..=21705) => {
            SendError::misconfigured("sender_refused")
        }
        (300..=399, _) => SendError::misconfigured("redirected"),
        _ => SendError::not_by_this_provider("message_refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, code: u32) -> String {
        let body = format!(r#"{{"code":{code},"message":"to +4915112345678","status":{status}}}"#).into_bytes();
        match judge(&Answer { status, retry_after: None, body }) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn answers_are_classified_by_code_then_status() {
        for (status, code, wanted) in [
            (201, 0, "accepted"),
            (429, 20429, "temporary: provider_busy (20429)"),
            (400, 21611, "temporary: provider_busy (21611)"),
            (503, 0, "temporary: provider_busy (0)"),
            (401, 20003, "misconfigured: credentials_refused (20003)"),
            (400, 20003, "misconfigured: credentials_refused (20003)"),
            (404, 20404, "misconfigured: sender_refused (20404)"),
            (400, 21606, "misconfigured: sender_refused (21606)"),
            (400, 21211, "permanent: recipient_refused (21211)"),
            (400, 21610, "permanent: opted_out (21610)"),
            (400, 21408, "permanent: region_not_enabled (21408)"),
            (400, 21612, "permanent: no_route (21612)"),
            (400, 21608, "misconfigured: trial_account (21608)"),
            (400, 21268, "permanent: recipient_refused (21268)"),
            (400, 21614, "permanent: recipient_refused (21614)"),
            (400, 21617, "permanent: message_refused (21617)"),
            (307, 0, "misconfigured: redirected (0)"),
        ] {
            assert_eq!(kind(status, code), wanted);
        }
    }

    #[test]
    fn who_said_stop_or_does_not_exist_is_not_tried_through_others() {
        for (code, elsewhere) in [
            (21610, false),
            (21211, false),
            (21614, false),
            (21617, false),
            (21408, true),
            (21612, true),
            (21999, true),
        ] {
            let body = format!(r#"{{"code":{code}}}"#).into_bytes();
            let error = judge(&Answer { status: 400, retry_after: None, body }).expect_err("refused");
            assert_eq!(error.may_go_elsewhere(), elsewhere, "{code}");
        }
    }

    #[test]
    fn an_answer_that_is_not_json_is_judged_by_its_status() {
        let answer = |status| Answer { status, retry_after: None, body: b"<html>".to_vec() };
        assert_eq!(judge(&answer(502)).map_err(|e| e.to_string()), Err("temporary: provider_busy (502)".to_owned()));
        assert_eq!(judge(&answer(201)), Ok(Accepted { provider_id: None }));
    }
}
