//! Reading many messages at once from whichever replica answers first. It may be behind the leader, so what it answers is
//! true and what it does not answer says nothing.

use std::time::Duration;

use async_nats::header::HeaderValue;
use async_nats::{Message, Request};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::timeout;
use twofold_event_log::{ReadError, Seq};

use super::Stream;
use super::entry::Entry;
use super::leader::unavailable;

/// Payload bytes after which the server ends a page; it always sends one message.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// How long a replica may take to say anything.
const PATIENCE: Duration = Duration::from_millis(500);

impl Stream {
    /// The commits from a position on, in order, at most `limit`. May be empty or end anywhere.
    pub async fn page(&self, from: Seq, limit: usize, filter: Option<&str>) -> Result<Vec<Entry>, ReadError> {
        self.require_connection()?;
        let mut question = json!({ "seq": from.0, "batch": limit, "max_bytes": PAGE_BYTES });
        if let Some(filter) = filter {
            question["next_by_subj"] = filter.into();
        }
        let client = self.broker.client();
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(inbox.clone()).await.map_err(|error| unavailable(&error))?;
        let asked = client.publish_with_reply(self.direct_subject.clone(), inbox, question.to_string().into()).await;
        asked.map_err(|error| unavailable(&error))?;
        let mut page = Vec::new();
        let mut before = 0;
        loop {
            // A replica that hangs says nothing, and the leader will be asked.
            let Ok(answer) = timeout(PATIENCE, answers.next()).await else { return Ok(page) };
            let answer = answer.ok_or_else(|| unavailable("the connection was closed"))?;
            // The end of the page, nothing there at all, or nobody there to ask: the leader will be asked.
            if answer.status.is_some() {
                return Ok(page);
            }
            // The server names the message it sent before: what was lost on the way must not become a gap.
            if number(&answer, "Nats-Last-Sequence") != Some(before) {
                return Ok(page);
            }
            let entry = read(answer)?;
            before = entry.seq().0;
            page.push(entry);
        }
    }

    /// The commit at a position, if the replica asked has it already and answers.
    pub async fn maybe_at(&self, seq: Seq) -> Result<Option<Entry>, ReadError> {
        self.require_connection()?;
        let question = Request::new().payload(json!({ "seq": seq.0 }).to_string().into()).timeout(Some(PATIENCE));
        let answer = self.broker.client().send_request(self.direct_subject.clone(), question).await;
        let Ok(answer) = answer else { return Ok(None) };
        if answer.status.is_some() { Ok(None) } else { read(answer).map(Some) }
    }
}

fn read(message: Message) -> Result<Entry, ReadError> {
    let damaged = || ReadError::Corrupt("a message without its position".to_owned());
    let seq = Seq(number(&message, "Nats-Sequence").ok_or_else(damaged)?);
    let headers = message.headers.unwrap_or_default();
    let subject = headers.get_last("Nats-Subject").ok_or_else(damaged)?;
    Entry::read(seq, subject.as_str(), message.payload, |name| headers.get(name).map(HeaderValue::as_str))
}

fn number(message: &Message, header: &'static str) -> Option<u64> {
    message.headers.as_ref()?.get_last(header)?.as_str().parse().ok()
}
