//! A stand-in for Twilio's Messages resource, as strict as its published description.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::http_stub::{HttpRequest, HttpStub, Reaction};

/// The parameters of `CreateMessage` this stand-in knows.
const KNOWN: [&str; 6] = ["To", "From", "MessagingServiceSid", "Body", "ValidityPeriod", "StatusCallback"];

/// The id of every message the stand-in takes.
const SID: &str = "SM0123456789abcdef0123456789abcdef";

/// An account and how to log in to it.
#[derive(Debug, Clone)]
pub struct TwilioAccount {
    /// `AC…`, in the path.
    pub account_sid: String,
    /// The account or an API key.
    pub user: String,
    /// Its token or secret.
    pub password: String,
}

/// A running stand-in; stopped when dropped.
#[derive(Debug)]
pub struct TwilioStub {
    http: HttpStub,
    planned: Arc<Mutex<VecDeque<Reaction>>>,
}

impl TwilioStub {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port left.
    pub async fn start(account: TwilioAccount) -> Result<Self> {
        let planned = Arc::new(Mutex::new(VecDeque::new()));
        let plan = Arc::clone(&planned);
        let http = HttpStub::start(move |request| {
            let next: Option<Reaction> = plan.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            next.unwrap_or_else(|| twilio_answer(&account, request, SID))
        })
        .await?;
        Ok(Self { http, planned })
    }

    /// For `base_url`.
    pub fn url(&self) -> String {
        self.http.url()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.http.port()
    }

    /// Answers the next request this way, whatever it says.
    pub fn plan(&self, reaction: Reaction) {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).push_back(reaction);
    }

    /// What it has been sent, in order.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.http.requests()
    }
}

/// An error in Twilio's shape.
pub fn twilio_error(status: u16, code: u32, message: &str) -> Reaction {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Reaction::json(status, &json!({ "code": code, "message": message, "more_info": more, "status": status }))
}

/// What Twilio says to a request: 201 with the message's `sid`, or an error in its shape.
pub fn twilio_answer(account: &TwilioAccount, request: &HttpRequest, sid: &str) -> Reaction {
    let path = format!("/2010-04-01/Accounts/{}/Messages.json", account.account_sid);
    if request.target != path || request.method != "POST" {
        return twilio_error(404, 20404, "The requested resource was not found");
    }
    let login = STANDARD.encode(format!("{}:{}", account.user, account.password));
    if request.header("authorization") != format!("Basic {login}") {
        return twilio_error(401, 20003, "Authenticate");
    }
    if request.header("content-type") != "application/x-www-form-urlencoded" {
        return twilio_error(415, 20001, "Unsupported media type");
    }
    let pairs = request.form();
    let form: BTreeMap<&str, &str> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    match complaint(&pairs, &form) {
        Some((code, message)) => twilio_error(400, code, message),
        None => created(account, &form, sid),
    }
}

fn complaint(pairs: &[(String, String)], form: &BTreeMap<&str, &str>) -> Option<(u32, &'static str)> {
    let get = |name: &str| form.get(name).copied().unwrap_or_default();
    let digits = get("To").strip_prefix('+').unwrap_or_default();
    let e164 = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let validity = form.get("ValidityPeriod").map(|v| v.parse::<u32>());
    let sid = |name: &str, prefix: &str| {
        get(name).strip_prefix(prefix).is_some_and(|s| s.len() == 32 && s.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    if pairs.len() != form.len() || form.keys().any(|k| !KNOWN.contains(k)) {
        Some((20001, "Unknown parameters"))
    } else if !e164 {
        Some((21211, "Invalid 'To' Phone Number"))
    } else if form.contains_key("From") == form.contains_key("MessagingServiceSid") {
        Some((21603, "A 'From' phone number is required"))
    } else if form.contains_key("MessagingServiceSid") && !sid("MessagingServiceSid", "MG") {
        Some((21701, "The Messaging Service does not exist"))
    } else if get("Body").is_empty() {
        Some((21602, "Message body is required"))
    } else if get("Body").chars().count() > 1600 {
        Some((21617, "The concatenated message body exceeds the 1600 character limit"))
    } else if validity.is_some_and(|v| !v.is_ok_and(|secs| (1..=36_000).contains(&secs))) {
        Some((30001, "ValidityPeriod must be from 1 to 36000"))
    } else {
        None
    }
}

fn created(account: &TwilioAccount, form: &BTreeMap<&str, &str>, sid: &str) -> Reaction {
    Reaction::json(
        201,
        &json!({
            "account_sid": account.account_sid, "api_version": "2010-04-01", "body": form.get("Body"),
            "date_created": "Sat, 21 Nov 2026 19:40:00 +0000", "date_sent": null, "direction": "outbound-api",
            "error_code": null, "error_message": null, "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"), "num_media": "0", "num_segments": "1",
            "price": null, "price_unit": "USD", "sid": sid, "status": "queued", "to": form.get("To"),
            "uri": format!("/2010-04-01/Accounts/{}/Messages/{sid}.json", account.account_sid),
        }),
    )
}
