//! A small HTTP/1.1 server that records what it is sent and answers, hangs or hangs up as a test decides.
//!
//! By hand rather than on a framework: a framework always answers.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// The body as a form, in order.
    pub fn form(&self) -> Vec<(String, String)> {
        let query = String::from_utf8_lossy(&self.body).into_owned();
        reqwest::Url::parse(&format!("http://form/?{query}"))
            .map(|url| url.query_pairs().into_owned().collect())
            .unwrap_or_default()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What to do after a request has been read whole.
#[derive(Debug, Clone)]
pub enum Reaction {
    /// Answer.
    Answer {
        /// Status code.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Never answer.
    Hang,
    /// Close the connection.
    Cut,
}

impl Reaction {
    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer { status, headers, body: body.to_string().into_bytes() }
    }

    /// An answer without a body.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer as it is sent; nothing for the others.
    pub fn bytes(&self) -> Vec<u8> {
        let Self::Answer { status, headers, body } = self else { return Vec::new() };
        let extra: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let head = format!("HTTP/1.1 {status} Stub\r\ncontent-length: {}\r\n{extra}\r\n", body.len());
        [head.as_bytes(), body].concat()
    }
}

type Decide = dyn Fn(&HttpRequest) -> Reaction + Send + Sync;

/// A running server; stopped when dropped.
#[derive(Debug)]
pub struct HttpStub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<HttpRequest>>>,
    task: JoinHandle<()>,
}

impl HttpStub {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// No port left.
    pub async fn start(decide: impl Fn(&HttpRequest) -> Reaction + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let decide: Arc<Decide> = Arc::new(decide);
        let record = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&decide), Arc::clone(&record)));
            }
        });
        Ok(Self { address, seen, task })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it has been sent, in order.
    pub fn requests(&self) -> Vec<HttpRequest> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for HttpStub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(mut stream: TcpStream, decide: Arc<Decide>, record: Arc<Mutex<Vec<HttpRequest>>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        record.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        match decide(&request) {
            Reaction::Hang => std::future::pending().await,
            Reaction::Cut => return,
            answer @ Reaction::Answer { .. } => {
                if stream.write_all(&answer.bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The next request of a connection, whole; nothing at its end. `buffer` keeps what came after it for the next call.
pub async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<HttpRequest> {
    loop {
        if let Some((request, used)) = parse(buffer) {
            buffer.drain(..used);
            return Some(request);
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn parse(buffer: &[u8]) -> Option<(HttpRequest, usize)> {
    let head_len = buffer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(buffer.get(..head_len)?).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: BTreeMap<String, String> =
        lines.filter_map(|l| l.split_once(':')).map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
    let length: usize = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let body = buffer.get(head_len + 4..head_len + 4 + length)?.to_vec();
    Some((HttpRequest { method, target, headers, body }, head_len + 4 + length))
}
