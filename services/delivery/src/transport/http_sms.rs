//! A provider the tenant describes: URL, headers, and a body with places for our values.

use std::time::Duration;

use minijinja::{Value, context};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;

use super::Surroundings;
use super::config::{BodyFormat, ConfigErrors, HttpSmsConfig, SmsChannel};
use super::http::{Answer, GuardedHttp};
use super::message::OutgoingSms;
use super::outcome::{About, Accepted, SendError};
use super::sms_check::checked;
use crate::template::sandbox::{self, Escape};

/// Longest request body, in bytes.
const BODY_MAX: usize = 32 * 1024;
const VARIABLES: [&str; 5] = ["to", "to_digits", "body", "reference", "validity_secs"];

/// Sends through one described provider.
pub struct HttpSmsSender {
    http: GuardedHttp,
    method: Method,
    headers: HeaderMap,
    format: BodyFormat,
    body: String,
    success: Vec<u16>,
}

impl std::fmt::Debug for HttpSmsSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpSmsSender").field("host", &self.http.url.host_str()).finish_non_exhaustive()
    }
}

impl HttpSmsSender {
    /// Prepares for a channel that passed its own validation.
    ///
    /// # Errors
    /// A URL the address policy refuses.
    pub fn new(channel: &SmsChannel, around: &Surroundings) -> Result<Self, ConfigErrors> {
        channel.validate()?;
        let config = channel.http.as_ref().ok_or_else(|| ConfigErrors::one("http", "is missing"))?;
        Ok(Self {
            http: GuardedHttp::new("http.url", &config.url, around, channel.timeout_ms)?,
            method: if config.method == "PUT" { Method::PUT } else { Method::POST },
            headers: headers(config).ok_or_else(|| ConfigErrors::one("http.headers", "cannot be sent"))?,
            format: config.format,
            body: config.body.clone(),
            success: config.success_status.clone(),
        })
    }

    /// Makes one attempt.
    ///
    /// # Errors
    /// See [`SendError`]; `provider_code` is the HTTP status.
    pub async fn send(&self, sms: &OutgoingSms) -> Result<Accepted, SendError> {
        let body =
            render(self.format, &self.body, checked(sms)?).ok_or_else(|| SendError::misconfigured("body_template"))?;
        let request = self.http.client.request(self.method.clone(), self.http.url.clone());
        let answer = self.http.exchange(request.headers(self.headers.clone()).body(body), sms.remaining_life).await?;
        self.judge(&answer)
    }

    fn judge(&self, answer: &Answer) -> Result<Accepted, SendError> {
        if self.success.contains(&answer.status) {
            return Ok(Accepted { provider_id: None });
        }
        let error = match answer.status {
            408 | 425 | 429 | 500.. => {
                let (reason, retry_after) = ("provider_busy", answer.retry_after);
                SendError::Temporary { reason, provider_code: None, retry_after, about: About::Provider }
            }
            401 | 403 | 407 => SendError::misconfigured("credentials_refused"),
            // Another 2xx: taken over for all we know, but not what the tenant calls success.
            200..=299 => SendError::unknown("unexpected_status"),
            300..=399 => SendError::misconfigured("redirected"),
            404 | 405 | 410 | 415 => SendError::misconfigured("request_refused"),
            // The number, the text or the request itself: the status does not tell, and nothing was handed over.
            _ => SendError::not_by_this_provider("message_refused"),
        };
        Err(error.with_code(&answer.status.to_string()))
    }
}

fn headers(config: &HttpSmsConfig) -> Option<HeaderMap> {
    let mut all = HeaderMap::new();
    for (name, value) in &config.headers {
        let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
        value.set_sensitive(true);
        all.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    let kind = match config.format {
        BodyFormat::Json => "application/json",
        BodyFormat::Form => "application/x-www-form-urlencoded",
    };
    all.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Some(all)
}

fn render(format: BodyFormat, template: &str, sms: &OutgoingSms) -> Option<String> {
    let escape = match format {
        BodyFormat::Json => Escape::Json,
        BodyFormat::Form => Escape::Form,
    };
    let digits = sms.to_e164.trim_start_matches('+');
    let values: Value = context! {
        to => sms.to_e164.clone(), to_digits => digits.to_owned(), body => sms.body.clone(), reference => sms.reference.clone(),
        validity_secs => sms.remaining_life.as_secs(),
    };
    let body = sandbox::render("http.body", template, escape, values, BODY_MAX).ok()?;
    let whole = format == BodyFormat::Form || serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok();
    whole.then_some(body)
}

/// Checks a body template by filling it with awkward values: it must stay well-formed and hold number and text.
pub(super) fn check_body(format: BodyFormat, template: &str) -> Result<(), ()> {
    sandbox::check("http.body", template, &VARIABLES).map_err(|_| ())?;
    let sample = OutgoingSms {
        to_e164: "+4915112345678".to_owned(),
        body: "a\"b\\c\n&d=e%20{{ f }}\u{7d}\u{2019}".to_owned(),
        remaining_life: Duration::from_secs(299),
        reference: "sample".to_owned(),
        status_callback: None,
    };
    let plain = OutgoingSms { body: "sampletext".to_owned(), ..sample.clone() };
    render(format, template, &sample).ok_or(())?;
    let filled = render(format, template, &plain).ok_or(())?;
    if filled.contains("4915112345678") && filled.contains("sampletext") { Ok(()) } else { Err(()) }
}
