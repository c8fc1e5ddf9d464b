//! A panel's way to the API, as small as it can be.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::failure::{Context as _, Failure};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A client that trusts the public roots, goes through no proxy and follows no redirect.
pub fn http_client(timeout: Duration) -> Result<reqwest::Client, Failure> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .build()
        .context("no HTTP client")
}

/// One tenant's API.
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Client {
    pub fn new(url: &str, key: &str) -> Result<Self, Failure> {
        Ok(Self { http: http_client(TIMEOUT)?, base: url.trim_end_matches('/').to_owned(), key: key.to_owned() })
    }

    /// Asks, with a JSON body if there is one.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Failure> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, &url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await;
        let response =
            response.map_err(|error| Failure::new(format!("{url} does not answer: {}", error.without_url())))?;
        let status = response.status().as_u16();
        let text = response.text().await.context("the answer breaks off")?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.call(Method::GET, path, None).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }
}

impl Answer {
    /// A text inside the body.
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// Status and what the server says of it.
    pub fn summary(&self) -> String {
        let said = [self.text("/message"), self.text("/detail"), self.text("/title")];
        let said = said.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        format!("{} {said}", self.status).trim_end().to_owned()
    }
}
