//! Bounds that a type alone does not hold.

use std::ops::RangeInclusive;

use secrecy::ExposeSecret as _;
use twofold_crypto::MasterKey;
use twofold_delivery::transport::config::ConfigErrors;

use super::Effective;
use super::environment::variable;
use super::known::MASTER_KEY;
use super::origin::Origin;
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
    if let Err(error) = twofold_telemetry::check_filter(&settings.log.level) {
        findings.wrong("log.level", &error.to_string());
    }
    if let Some(endpoint) = &settings.telemetry.otlp_endpoint {
        let usable =
            reqwest::Url::parse(endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        findings.require("telemetry.otlp_endpoint", usable, endpoint);
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
        let origin = Some(Origin::Environment(variable(MASTER_KEY)));
        findings.problems.push(Problem { origin, key: MASTER_KEY.to_owned(), text: error.to_string() });
    }
    if findings.problems.is_empty() { Ok(()) } else { Err(Problems(findings.problems)) }
}

struct Findings<'a> {
    found: &'a Effective,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn wrong(&mut self, key: &str, value: &str) {
        self.problems.push(Problem::wrong(self.found.origin(key), key, Some(value)));
    }

    fn require(&mut self, key: &str, good: bool, value: &str) {
        if !good {
            self.wrong(key, value);
        }
    }

    fn range<T: PartialOrd + std::fmt::Display>(&mut self, key: &str, value: &T, allowed: &RangeInclusive<T>) {
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
