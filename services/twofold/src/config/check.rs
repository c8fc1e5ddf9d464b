//! Bounds that a type alone does not hold.

use std::ops::RangeInclusive;

use secrecy::ExposeSecret as _;
use twofold_crypto::MasterKey;
use twofold_delivery::transport::config::ConfigErrors;

use super::Effective;
use super::broker;
use super::known::MASTER_KEY;
use super::problem::{Problem, Problems};

/// Checks everything; finds all that is wrong rather than the first.
pub fn check(found: &Effective) -> Result<(), Problems> {
    let mut findings = Findings { found, problems: Vec::new() };
    let settings = &found.settings;
    findings.range("api.max_body_bytes", &settings.api.max_body_bytes, &(1024..=16 * 1024 * 1024));
    findings.range("api.max_in_flight", &settings.api.max_in_flight, &(1..=100_000));
    findings.range("api.request_timeout_ms", &settings.api.request_timeout_ms, &(100..=300_000));
    findings.range("api.max_read_wait_ms", &settings.api.max_read_wait_ms, &(0..=60_000));
    findings.range("engine.cached_users", &settings.engine.cached_users, &(16..=10_000_000));
    findings.range("delivery.concurrency", &settings.delivery.concurrency, &(1..=256));
    findings.require("delivery.channels", !settings.delivery.channels.is_empty(), "[]");
    if let Err(error) = twofold_telemetry::check_filter(&settings.log.level) {
        findings.wrong("log.level", &error.to_string());
    }
    if let Some(endpoint) = &settings.telemetry.otlp_endpoint {
        let usable =
            reqwest::Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        findings.require("telemetry.otlp_endpoint", usable, endpoint);
    }
    if let Some(public) = &settings.delivery.public_url {
        let usable = reqwest::Url::parse(public).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        findings.require("delivery.public_url", usable, public);
    }
    if settings.data_dir.as_os_str().is_empty() {
        findings.wrong("data_dir", "empty");
    }
    if let Some(channel) = &settings.delivery.email {
        findings.channel("delivery.email", channel.validate());
    }
    if let Some(channel) = &settings.delivery.sms {
        findings.channel("delivery.sms", channel.validate());
    }
    if let Some(text) = &settings.master_key
        && let Err(error) = MasterKey::from_text(text.expose_secret())
    {
        findings.told(MASTER_KEY, &error.to_string());
    }
    broker::check(&mut findings);
    if findings.problems.is_empty() { Ok(()) } else { Err(Problems(findings.problems)) }
}

/// What was looked at and what is wrong with it.
pub struct Findings<'a> {
    pub found: &'a Effective,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    /// A problem with a text of its own.
    pub fn told(&mut self, key: &str, text: &str) {
        self.problems.push(Problem { origin: self.found.origin(key), key: key.to_owned(), text: text.to_owned() });
    }

    fn wrong(&mut self, key: &str, value: &str) {
        self.problems.push(Problem::wrong(self.found.origin(key), key, Some(value)));
    }

    /// Unless it is good, says what is accepted.
    pub fn require(&mut self, key: &str, good: bool, value: &str) {
        if !good {
            self.wrong(key, value);
        }
    }

    pub fn range<T: PartialOrd + std::fmt::Display>(&mut self, key: &str, value: &T, allowed: &RangeInclusive<T>) {
        self.require(key, allowed.contains(value), &value.to_string());
    }

    fn channel(&mut self, section: &str, checked: Result<(), ConfigErrors>) {
        for error in checked.err().unwrap_or_default().0 {
            let key = format!("{section}.{}", error.field);
            let origin = self.found.origin(&key).or_else(|| self.found.origin(section));
            self.problems.push(Problem { origin, key, text: error.problem.to_owned() });
        }
    }
}
