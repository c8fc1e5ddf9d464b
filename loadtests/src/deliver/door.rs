//! The way to the API: one kept connection, another node after a cut.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::client::Connection;

/// Longest wait for an answer.
const LONGEST: Duration = Duration::from_secs(20);
/// Tries of a request that must succeed, a quarter of a second apart: a process that was killed needs some of them.
const TRIES: u32 = 240;
const PAUSE: Duration = Duration::from_millis(250);

/// A client of the API.
#[derive(Debug)]
pub(crate) struct Door {
    nodes: Arc<[String]>,
    at: usize,
    connection: Option<Connection>,
}

/// An answer: status and body.
pub(crate) type Answer = (u16, Value);

impl Door {
    pub(crate) fn new(nodes: Arc<[String]>) -> Self {
        Self { nodes, at: 0, connection: None }
    }

    /// The same nodes over another connection, beginning with another node.
    pub(crate) fn another(&self, number: usize) -> Self {
        Self { nodes: Arc::clone(&self.nodes), at: number, connection: None }
    }

    /// One request. Nothing: the connection ended, or there was no answer.
    pub(crate) async fn send(&mut self, key: &str, method: &str, path: &str, body: &str) -> Option<Answer> {
        let answer = timeout(LONGEST, self.try_send(key, method, path, body)).await;
        if let Ok(Ok(answer)) = answer {
            return Some(answer);
        }
        self.connection = None;
        self.at += 1;
        None
    }

    async fn try_send(&mut self, key: &str, method: &str, path: &str, body: &str) -> Result<Answer> {
        let node = &self.nodes[self.at % self.nodes.len()];
        let connection = match &mut self.connection {
            Some(connection) => connection,
            empty => empty.insert(Connection::bare(node).await?),
        };
        let headers = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
        let answer = connection.send_with(method, path, &headers, body).await?;
        Ok((answer.status, serde_json::from_slice(answer.body).unwrap_or_default()))
    }

    /// A request that may be repeated, until it is answered 2xx.
    ///
    /// # Errors
    /// Another answer than 2xx, 401 (a key too young to be known everywhere), 429 or 5xx, or none of them in a minute.
    pub(crate) async fn must(&mut self, key: &str, method: &str, path: &str, body: &str) -> Result<Value> {
        let mut last = None;
        for _ in 0..TRIES {
            last = self.send(key, method, path, body).await;
            match &mut last {
                Some((200..=299, body)) => return Ok(body.take()),
                Some((401 | 429 | 500.., _)) | None => sleep(PAUSE).await,
                Some((status, body)) => bail!("{method} {path}: {status} {body}"),
            }
        }
        bail!("{method} {path}: {last:?} after {TRIES} tries")
    }
}
