//! One commit as a message, and back.

use std::sync::Arc;

use async_nats::HeaderMap;
use async_nats::header::{HeaderValue, NATS_EXPECTED_LAST_SUBJECT_SEQUENCE};
use bytes::Bytes;
use twofold_domain::CommitId;
use twofold_event_log::{Expected, NewCommit, ReadError, Seq, Stored, Subject};

/// The commit's id. Deliberately not `Nats-Msg-Id`: see docs/decisions/0009.
pub(super) const COMMIT: &str = "Tf-Commit";
/// W3C Trace Context.
pub(super) const TRACE: &str = "traceparent";
/// What the writer expected, kept with the message. The server checked it, so it names the commit before this one.
pub(super) const PREVIOUS: &str = "Nats-Expected-Last-Subject-Sequence";

/// A commit and the one before it on its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub stored: Stored,
    /// [`Seq::ZERO`] for the first.
    pub previous: Seq,
}

impl Entry {
    /// Reads a message of the stream.
    pub fn read<'a>(
        seq: Seq,
        subject: &str,
        payload: Bytes,
        header: impl Fn(&'static str) -> Option<&'a str>,
    ) -> Result<Self, ReadError> {
        let damaged = |what: &str| ReadError::Corrupt(format!("{what} at position {seq}"));
        let subject = Subject::parse(subject).map_err(|_| damaged("malformed subject"))?;
        let id = header(COMMIT).ok_or_else(|| damaged("no commit id"))?;
        let id = CommitId::parse(id).map_err(|_| damaged("malformed commit id"))?;
        let previous = header(PREVIOUS).and_then(|text| text.parse().ok());
        let previous = Seq(previous.ok_or_else(|| damaged("no expectation"))?);
        if previous >= seq {
            return Err(damaged("an impossible expectation"));
        }
        let trace = header(TRACE).map(Arc::from);
        Ok(Self { stored: Stored { seq, subject, id, payload, trace }, previous })
    }

    pub fn seq(&self) -> Seq {
        self.stored.seq
    }
}

/// The position the server is told to expect, 0 for none. `None` when the belief cannot be true of any log: no commit is
/// at 0, which the server would take for "none", and it reads positions as signed integers.
pub(super) fn expected_seq(expected: Expected) -> Option<u64> {
    match expected {
        Expected::NoStream => Some(0),
        Expected::Exact(Seq::ZERO) => None,
        Expected::Exact(seq) => i64::try_from(seq.0).is_ok().then_some(seq.0),
    }
}

/// Headers of a commit that has an expectation.
pub(super) fn headers(commit: &NewCommit, expected: u64, trace: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, HeaderValue::from(expected));
    headers.insert(COMMIT, commit.id.as_str());
    // A value with a line break is no header value; a trace is not worth refusing a commit.
    if let Some(trace) = trace.and_then(|trace| trace.parse::<HeaderValue>().ok()) {
        headers.insert(TRACE, trace);
    }
    headers
}

#[cfg(test)]
mod tests {
    use twofold_event_log::conformance::Sample;

    use super::*;

    #[test]
    fn a_commit_reads_back_from_its_own_headers() {
        let subject = Sample::user();
        let commit = Sample::next(&subject, Seq(41));
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let headers = headers(&commit, 41, Some(trace));
        let header = |name: &'static str| headers.get(name).map(HeaderValue::as_str);
        let entry = Entry::read(Seq(42), subject.as_str(), commit.payload.clone(), header).expect("ours");
        assert_eq!(entry.previous, Seq(41));
        assert_eq!((entry.stored.subject, entry.stored.id), (subject, commit.id));
        assert_eq!(entry.stored.trace.as_deref(), Some(trace));
    }

    #[test]
    fn a_trace_that_is_no_header_value_is_left_out() {
        let commit = Sample::first(&Sample::user());
        assert!(headers(&commit, 0, Some("a\r\nTf-Commit: b")).get(TRACE).is_none());
    }

    #[test]
    fn what_no_writer_of_ours_stored_is_damage() {
        let subject = Sample::user();
        let id = Sample::first(&subject).id.to_string();
        let cases = [
            ("tf.other", Some(id.as_str()), Some("0")),
            (subject.as_str(), None, Some("0")),
            (subject.as_str(), Some("cm"), Some("0")),
            (subject.as_str(), Some(id.as_str()), None),
            (subject.as_str(), Some(id.as_str()), Some("-1")),
            (subject.as_str(), Some(id.as_str()), Some("7")),
        ];
        for (subject, id, previous) in cases {
            let header = |name: &'static str| match name {
                COMMIT => id,
                PREVIOUS => previous,
                _ => None,
            };
            let read = Entry::read(Seq(7), subject, Bytes::new(), header);
            assert!(matches!(read, Err(ReadError::Corrupt(_))), "{subject} {id:?} {previous:?}");
        }
    }

    #[test]
    fn a_belief_that_no_log_can_hold_has_no_number() {
        assert_eq!(expected_seq(Expected::NoStream), Some(0));
        assert_eq!(expected_seq(Expected::Exact(Seq(1))), Some(1));
        assert_eq!(expected_seq(Expected::Exact(Seq::ZERO)), None);
        assert_eq!(expected_seq(Expected::Exact(Seq::MAX)), None);
    }
}
