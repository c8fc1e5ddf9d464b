//! Reading from the stream's leader, one message at a time. What it answers is the truth.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use twofold_event_log::{ReadError, Seq, Subject};

use super::Stream;
use super::entry::Entry;

/// "no message found"
const NO_MESSAGE: u64 = 10037;

#[derive(Debug, Deserialize)]
struct Answer<T> {
    error: Option<ApiError>,
    #[serde(flatten)]
    body: Option<T>,
}

#[derive(Debug, Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

#[derive(Debug, Deserialize)]
struct Got {
    message: Raw,
}

#[derive(Debug, Deserialize)]
struct Raw {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

/// What the leader says of the stream.
#[derive(Debug, Deserialize)]
pub(super) struct Info {
    config: Config,
    state: State,
}

#[derive(Debug, Deserialize)]
struct Config {
    num_replicas: usize,
}

#[derive(Debug, Deserialize)]
struct State {
    last_seq: u64,
}

impl Info {
    /// The last position of the stream.
    pub fn head(&self) -> Seq {
        Seq(self.state.last_seq)
    }

    /// How many servers keep the stream.
    pub fn replicas(&self) -> usize {
        self.config.num_replicas
    }
}

impl Stream {
    /// The last position of the stream.
    pub async fn head(&self) -> Result<Seq, ReadError> {
        Ok(self.info().await?.head())
    }

    pub(super) async fn info(&self) -> Result<Info, ReadError> {
        let info = self.ask(&self.info_subject, Bytes::new()).await?;
        info.ok_or_else(|| ReadError::Unavailable("no state of the stream".to_owned()))
    }

    /// The last commit of a subject.
    pub async fn last(&self, subject: &Subject) -> Result<Option<Entry>, ReadError> {
        self.last_of(subject.as_str()).await
    }

    /// The last commit whose subject matches.
    pub async fn last_of(&self, filter: &str) -> Result<Option<Entry>, ReadError> {
        self.get(&json!({ "last_by_subj": filter })).await
    }

    /// The commit at a position.
    pub async fn at(&self, seq: Seq) -> Result<Option<Entry>, ReadError> {
        self.get(&json!({ "seq": seq.0 })).await
    }

    /// The first commit at a position or after it whose subject matches.
    pub async fn next(&self, from: Seq, filter: &str) -> Result<Option<Entry>, ReadError> {
        self.get(&json!({ "seq": from.0, "next_by_subj": filter })).await
    }

    async fn get(&self, question: &impl Serialize) -> Result<Option<Entry>, ReadError> {
        let question = serde_json::to_vec(question).map_err(|error| unavailable(&error))?;
        let Some(got) = self.ask::<Got>(&self.get_subject, question.into()).await? else { return Ok(None) };
        let Raw { subject, seq, hdrs, data } = got.message;
        let damaged = |what: &str| ReadError::Corrupt(format!("{what} at position {seq}"));
        let headers = STANDARD.decode(hdrs).map_err(|_| damaged("unreadable headers"))?;
        let headers = String::from_utf8(headers).map_err(|_| damaged("unreadable headers"))?;
        let payload = STANDARD.decode(data).map_err(|_| damaged("unreadable payload"))?;
        Entry::read(Seq(seq), &subject, payload.into(), |name| header_of(&headers, name)).map(Some)
    }

    /// Asks the server's API; `None` when there is no such message.
    pub(super) async fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        subject: &str,
        question: Bytes,
    ) -> Result<Option<T>, ReadError> {
        self.require_connection()?;
        let answer = self.broker.client().request(subject.to_owned(), question).await;
        let answer = answer.map_err(|error| unavailable(&error))?;
        let answer: Answer<T> = serde_json::from_slice(&answer.payload).map_err(|error| unavailable(&error))?;
        match answer.error {
            None => Ok(answer.body),
            Some(error) if error.err_code == NO_MESSAGE => Ok(None),
            Some(ApiError { err_code, description }) => {
                Err(ReadError::Unavailable(format!("{description} ({err_code})")))
            }
        }
    }

    /// A request without a connection would be kept and sent much later.
    pub(super) fn require_connection(&self) -> Result<(), ReadError> {
        if self.broker.is_connected() { Ok(()) } else { Err(unavailable("not connected to NATS")) }
    }
}

pub(super) fn unavailable(reason: &(impl ToString + ?Sized)) -> ReadError {
    ReadError::Unavailable(reason.to_string())
}

/// A header of a message as the server keeps it: a line of its own, `Name: value`.
fn header_of<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    headers.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_line_of_its_own() {
        let headers = "NATS/1.0\r\nTf-Commit-Old: a\r\nTf-Commit: b\r\ntraceparent: Tf-Other: c\r\n\r\n";
        assert_eq!(header_of(headers, "Tf-Commit"), Some("b"));
        assert_eq!(header_of(headers, "Tf-Other"), None);
        assert_eq!(header_of("", "Tf-Commit"), None);
    }
}
