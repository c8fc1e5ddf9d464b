//! A phone with an authenticator app, played by `oathtool`.

use serde_json::Value;

use super::clock::{now_secs, steady_step, wait_for_step};
use super::tools::{oathtool, read_qr};

const MARGIN_SECS: u64 = 6;

/// One entry in the app.
#[derive(Debug, Clone)]
pub struct App {
    pub secret: String,
    pub digits: u32,
    pub period: u64,
    skew: u64,
    /// The last step whose code was used up.
    pub used: u64,
}

impl App {
    /// The user types the secret.
    #[track_caller]
    pub fn typed_in(enrolment: &Value) -> Self {
        let totp = &enrolment["totp"];
        Self {
            secret: totp["secret"].as_str().unwrap_or_else(|| panic!("no secret: {enrolment}")).to_owned(),
            digits: u32::try_from(totp["digits"].as_u64().expect("digits")).expect("few"),
            period: totp["period_secs"].as_u64().expect("a period"),
            skew: 1,
            used: 0,
        }
    }

    /// The user points the camera at the page; gives the app and what the camera read.
    #[track_caller]
    pub fn scanned(enrolment: &Value) -> (Self, String) {
        let uri = read_qr(enrolment["totp"]["qr_svg"].as_str().expect("a picture"));
        let mut app = Self::typed_in(enrolment);
        app.secret = parameter(&uri, "secret").unwrap_or_else(|| panic!("no secret in {uri}"));
        (app, uri)
    }

    pub fn with_skew(self, skew: u64) -> Self {
        Self { skew, ..self }
    }

    #[track_caller]
    pub fn code_at(&self, step: u64) -> String {
        oathtool(&self.secret, self.digits, step * self.period)
    }

    /// A code that is right and not used yet, of the oldest step the server takes, so that the others remain. Waits for
    /// the next step when all are used.
    #[track_caller]
    pub fn fresh(&mut self) -> String {
        let mut present = now_secs() / self.period;
        loop {
            let step = (self.used + 1).max(present - self.skew);
            if step > present + self.skew {
                wait_for_step(step - self.skew, self.period);
                present = now_secs() / self.period;
                continue;
            }
            let ends_soon = self.period - now_secs() % self.period < MARGIN_SECS;
            if step == present - self.skew && ends_soon {
                present = steady_step(self.period);
                continue;
            }
            self.used = step;
            return self.code_at(step);
        }
    }

    /// Codes that are wrong now and will be for a while.
    #[track_caller]
    pub fn wrong(&self, count: usize) -> Vec<String> {
        let present = now_secs() / self.period;
        let near: Vec<String> = (present - 3..=present + 6).map(|step| self.code_at(step)).collect();
        let width = self.digits as usize;
        let candidates = (0..).map(|number: usize| format!("{number:0width$}"));
        candidates.filter(|code| !near.contains(code)).take(count).collect()
    }

    #[track_caller]
    pub fn one_wrong(&self) -> String {
        self.wrong(1).remove(0)
    }
}

/// A parameter of an `otpauth` URI.
pub fn parameter(uri: &str, name: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}
