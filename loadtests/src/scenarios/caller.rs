//! One client's way to its node: a kept connection, opened again after it broke.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::timeout;

use super::targets::Targets;
use crate::client::Connection;
use crate::load::Verdict;

/// Longest wait for an answer.
const LONGEST: Duration = Duration::from_secs(30);

/// A client of the API.
#[derive(Debug)]
pub(super) struct Caller {
    targets: Arc<Targets>,
    number: usize,
    connection: Option<Connection>,
    body: Vec<u8>,
}

/// A request's method, path and body.
pub(super) type Request<'a> = (&'static str, &'a str, &'a str);

impl Caller {
    /// Connects.
    pub(super) async fn open(targets: &Arc<Targets>, number: usize) -> Result<Self> {
        let connection = Some(Connection::bare(targets.node(number)).await?);
        Ok(Self { targets: Arc::clone(targets), number, connection, body: Vec::new() })
    }

    /// Sends a request in a tenant's name; answers the status. The body is kept until the next one.
    ///
    /// # Errors
    /// [`Verdict::NoAnswer`]: the connection broke, or there was no answer in half a minute.
    pub(super) async fn call(&mut self, tenant: u16, request: Request<'_>) -> Result<u16, Verdict> {
        let trouble = match timeout(LONGEST, self.send(tenant, request)).await {
            Ok(Ok(status)) => return Ok(status),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("none in {} s", LONGEST.as_secs()),
        };
        // What a broken connection still brings would be taken for the answer to something else.
        self.connection = None;
        Err(Verdict::NoAnswer(format!("{} {}: {trouble}", request.0, request.1)))
    }

    async fn send(&mut self, tenant: u16, (method, path, body): Request<'_>) -> Result<u16> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::bare(self.targets.node(self.number)).await.context("connecting again")?),
        };
        let answer = connection.send_with(method, path, self.targets.headers(tenant), body).await?;
        self.body.clear();
        self.body.extend_from_slice(answer.body);
        let (status, closes) = (answer.status, answer.closes);
        if closes {
            self.connection = None;
        }
        Ok(status)
    }

    /// The body of the last answer.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }
}
