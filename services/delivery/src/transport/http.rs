//! The one HTTP client for tenants' URLs: guarded addresses, no redirects, no proxy from the environment, bounded answers.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, Url};
use tokio::time::Instant;

use super::Surroundings;
use super::config::ConfigErrors;
use super::guard::{GuardError, GuardedResolver, literal_address};
use super::outcome::SendError;

/// Longest answer read, in bytes (C26).
pub(crate) const ANSWER_MAX: usize = 64 * 1024;
/// Idle connections are dropped before the usual peer drops them: a request on a dead one ends as "unknown".
const IDLE: Duration = Duration::from_secs(10);

/// And no more of them are kept: as many as a busy channel has requests under way, so that it makes none anew.
const IDLE_MAX: usize = 32;

/// A client for one URL.
#[derive(Debug)]
pub(crate) struct GuardedHttp {
    pub(crate) client: Client,
    pub(crate) url: Url,
    limit: Duration,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    /// At most [`ANSWER_MAX`] bytes; empty when longer or cut.
    pub(crate) body: Vec<u8>,
}

impl GuardedHttp {
    /// Prepares for a URL, refusing one that spells out a forbidden address or plain HTTP outside the operator's network.
    pub(crate) fn new(
        field: &'static str,
        url: &str,
        around: &Surroundings,
        timeout_ms: u64,
    ) -> Result<Self, ConfigErrors> {
        let bad = |problem| ConfigErrors::one(field, problem);
        let url = Url::parse(url).map_err(|_| bad("must be a URL"))?;
        let host = url.host_str().ok_or_else(|| bad("must have a host"))?;
        let port = url.port_or_known_default().ok_or_else(|| bad("must have a port"))?;
        if url.scheme() != "https" && !around.policy.permits_plain_http(host, port) {
            return Err(bad("must be https"));
        }
        if literal_address(host).is_some_and(|ip| !around.policy.permits(host, (ip, port).into())) {
            return Err(bad("must not lead to an internal address"));
        }
        let limit = Duration::from_millis(timeout_ms);
        let client = Client::builder()
            .tls_backend_preconfigured(around.tls.owned())
            .dns_resolver(GuardedResolver { policy: around.policy.clone(), port })
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            // Shorter than the whole, so that running out of time says on which side of the request it happened.
            .connect_timeout(limit / 2)
            .timeout(limit)
            .user_agent(concat!("twofold/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| bad("cannot be used"))?;
        Ok(Self { client, url, limit })
    }

    /// Sends one request and reads a bounded answer: name, connection, TLS and answer within one time limit, the
    /// client's own or what is left of the message's life.
    pub(crate) async fn exchange(&self, request: RequestBuilder, life: Duration) -> Result<Answer, SendError> {
        let end = Instant::now() + self.limit.min(life);
        let sent = tokio::time::timeout_at(end, request.send()).await;
        let response = sent.map_err(|_| SendError::unknown("timeout_after_request"))?.map_err(|e| failure(&e))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        let body = tokio::time::timeout_at(end, bounded(response)).await.ok().flatten().unwrap_or_default();
        Ok(Answer { status, retry_after, body })
    }
}

/// `Retry-After` in seconds, at most an hour; the date form is ignored.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.headers().get(reqwest::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse::<u64>().ok().map(|secs| Duration::from_secs(secs.min(3600)))
}

/// The whole body, or `None` when it is too long or breaks off.
async fn bounded(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// Which side of the request a failure lies on. The library's own text may hold the URL and is dropped.
fn failure(error: &reqwest::Error) -> SendError {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(guard) = cause.downcast_ref::<GuardError>() {
            return match guard {
                GuardError::Refused => SendError::misconfigured("address_refused"),
                GuardError::NotFound => SendError::temporary("host_not_found"),
            };
        }
        if error.is_connect() && is_tls(cause) {
            return SendError::misconfigured("tls_failed");
        }
        source = cause.source();
    }
    if error.is_builder() {
        SendError::misconfigured("request_unbuildable")
    } else if error.is_connect() {
        SendError::temporary("connect_failed")
    } else if error.is_timeout() {
        SendError::unknown("timeout_after_request")
    } else {
        SendError::unknown("cut_after_request")
    }
}

fn is_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    cause.is::<rustls::Error>() || wrapped.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}
