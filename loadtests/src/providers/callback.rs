//! Status callbacks, signed as Twilio signs them: HMAC-SHA1 with the account's token over the whole URL followed by
//! every parameter's name and value, in the order of the names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha1::Sha1;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::TOKEN;
use crate::client::{Connection, Target};
use crate::random::Dice;

/// Messages whose callbacks wait; beyond that they are left out and counted as failed.
const WAITING_MAX: usize = 65_536;

/// A message to report about.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) url: String,
    pub(super) account: String,
    pub(super) sid: String,
    pub(super) to: String,
    pub(super) from: String,
}

/// The way out for callbacks.
#[derive(Debug)]
pub(super) struct Callbacks {
    queue: mpsc::Sender<Report>,
    answered: AtomicU64,
    failed: AtomicU64,
}

impl Callbacks {
    /// Sends `sent` and then `delivered` or `undelivered` for every message, one after the other, to servers of this
    /// machine only.
    pub(super) fn start(undelivered_percent: u64, dice: Dice, tasks: &mut JoinSet<()>) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let made = Arc::new(Self { queue, answered: AtomicU64::new(0), failed: AtomicU64::new(0) });
        tasks.spawn(Arc::clone(&made).work(waiting, undelivered_percent, Mutex::new(dice)));
        made
    }

    pub(super) fn send(&self, report: Report) {
        if self.queue.try_send(report).is_err() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> (u64, u64) {
        (self.answered.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    async fn work(self: Arc<Self>, mut waiting: mpsc::Receiver<Report>, undelivered: u64, dice: Mutex<Dice>) {
        let mut kept: BTreeMap<String, Connection> = BTreeMap::new();
        while let Some(report) = waiting.recv().await {
            let end = if dice.lock().percent(undelivered) { "undelivered" } else { "delivered" };
            for status in ["sent", end] {
                let done = matches!(report.post(status, &mut kept).await, Ok(200..=299));
                if done { &self.answered } else { &self.failed }.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Report {
    async fn post(&self, status: &str, kept: &mut BTreeMap<String, Connection>) -> Result<u16> {
        let after_scheme = self.url.strip_prefix("http://").context("only http")?;
        let (authority, path) = after_scheme.split_once('/').unwrap_or((after_scheme, ""));
        Target::parse(&format!("http://{authority}"), "")?;
        let parameters = self.parameters(status);
        let signature = signature(TOKEN, &self.url, &parameters);
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\n");
        let (path, body) = (format!("/{path}"), form(&parameters));
        let mut connection = match kept.remove(authority) {
            Some(connection) => connection,
            None => Connection::bare(authority).await?,
        };
        let status = connection.send_with("POST", &path, &headers, &body).await?.status;
        kept.insert(authority.to_owned(), connection);
        Ok(status)
    }

    fn parameters(&self, status: &str) -> BTreeMap<&'static str, String> {
        let mut all = BTreeMap::from([
            ("AccountSid", self.account.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("From", self.from.clone()),
            ("MessageSid", self.sid.clone()),
            ("MessageStatus", status.to_owned()),
            ("SmsSid", self.sid.clone()),
            ("SmsStatus", status.to_owned()),
            ("To", self.to.clone()),
        ]);
        if status == "undelivered" {
            all.insert("ErrorCode", "30005".to_owned());
        }
        all
    }
}

/// `X-Twilio-Signature`.
fn signature(token: &str, url: &str, parameters: &BTreeMap<&'static str, String>) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return String::new() };
    mac.update(url.as_bytes());
    for (name, value) in parameters {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    BASE64.encode(&mac.finalize().into_bytes())
}

fn form(parameters: &BTreeMap<&'static str, String>) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn percent(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_twilios_published_example() {
        let parameters = [
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
        ];
        let parameters = parameters.map(|(name, value)| (name, value.to_owned())).into();
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(signature("12345", url, &parameters), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[test]
    fn a_form_holds_its_values_whatever_is_in_them() {
        let parameters = BTreeMap::from([("From", "A & B=ü".to_owned()), ("To", "+49".to_owned())]);
        assert_eq!(form(&parameters), "From=A%20%26%20B%3D%C3%BC&To=%2B49");
    }
}
