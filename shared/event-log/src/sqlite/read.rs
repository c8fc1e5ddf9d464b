//! Queries.
//!
//! Limits are cast: SQLite looks into a plain variable after `LIMIT` when it plans, and so would plan the statement anew
//! every time it is used.

use std::collections::VecDeque;

use bytes::Bytes;
use twofold_domain::CommitId;
use twofold_sqlite::rusqlite::{self, Connection, OptionalExtension as _, Params, Row, params};

use super::error::{damaged, read_error};
use super::heads::{self, Heads, position};
use crate::{Category, MAX_READ_COMMITS, Newest, ReadError, Seq, Stored, Subject};

/// One commit of a subject in so many has an entry in `log_steps`, on average.
const STEP: usize = 64;

pub(super) fn of_subject(
    connection: &Connection,
    heads: &Heads,
    subject: &Subject,
    after: Seq,
    limit: usize,
) -> Result<Vec<Stored>, ReadError> {
    let positions = positions(connection, heads, subject, after, limit.min(MAX_READ_COMMITS));
    let positions = positions.map_err(|error| read_error(&error))?;
    positions.into_iter().map(|seq| at(connection, subject, seq).map(|(commit, _)| commit)).collect()
}

/// The subject's positions after one, oldest first: as many as are wanted, or fewer, but some if there are any. From the
/// end, or a step on the way to it, backwards.
fn positions(
    connection: &Connection,
    heads: &Heads,
    subject: &Subject,
    after: Seq,
    limit: usize,
) -> rusqlite::Result<Vec<Seq>> {
    const STEPS: &str = "SELECT seq FROM log WHERE subject = ?1 AND seq > ?2 \
        AND (seq & 16777215) * 10368889 & 16777215 < 262144 \
        ORDER BY seq LIMIT 1 OFFSET CAST(?3 AS INTEGER)";
    const PREVIOUS: &str = "SELECT prev_seq FROM log WHERE seq = ?1";
    let Some(last) = heads.last(connection, subject)?.filter(|last| *last > after && limit > 0) else {
        return Ok(Vec::new());
    };
    let mut steps = connection.prepare_cached(STEPS)?;
    let step = steps.query_row(params![subject.as_str(), number(after), rows(limit / STEP)], |row| position(row, 0));
    let mut next = step.optional()?.unwrap_or(last);
    let mut previous = connection.prepare_cached(PREVIOUS)?;
    let mut found = VecDeque::new();
    while next > after {
        found.push_front(next);
        found.truncate(limit);
        let before = previous.query_row([number(next)], |row| position(row, 0)).optional()?;
        next = before.ok_or_else(|| damaged(format!("there is no commit at position {next}")))?;
    }
    Ok(found.into())
}

pub(super) fn newest_of_subject(
    connection: &Connection,
    heads: &Heads,
    subject: &Subject,
    limit: usize,
) -> Result<Newest, ReadError> {
    let last = heads.last(connection, subject).map_err(|error| read_error(&error))?;
    let (mut next, mut commits) = (last.unwrap_or_default(), Vec::new());
    while next > Seq::ZERO && commits.len() < limit.clamp(1, MAX_READ_COMMITS) {
        let (commit, previous) = at(connection, subject, next)?;
        commits.push(commit);
        next = previous;
    }
    Ok(Newest { commits, all: next == Seq::ZERO })
}

/// The commit of a subject at a position, and the position of the one before.
fn at(connection: &Connection, subject: &Subject, seq: Seq) -> Result<(Stored, Seq), ReadError> {
    const SQL: &str = "SELECT seq, subject, commit_id, payload, prev_seq FROM log WHERE seq = ?1";
    let unreadable = |error: rusqlite::Error| read_error(&error);
    let mut statement = connection.prepare_cached(SQL).map_err(unreadable)?;
    let mut found = statement.query([number(seq)]).map_err(unreadable)?;
    let row = found.next().map_err(unreadable)?;
    let missing = || ReadError::Corrupt(format!("no commit of {subject} at position {seq}, where there must be one"));
    let row = row.ok_or_else(missing)?;
    if row.get_ref(1).ok().and_then(|text| text.as_str().ok()) != Some(subject.as_str()) {
        return Err(missing());
    }
    let commit = commit_of(row, |_| Some(subject.clone()))?;
    let previous = position(row, 4).map_err(unreadable)?;
    Ok((commit, previous))
}

pub(super) fn all(connection: &Connection, after: Seq, limit: usize) -> Result<Vec<Stored>, ReadError> {
    const SQL: &str =
        "SELECT seq, subject, commit_id, payload FROM log WHERE seq > ?1 ORDER BY seq LIMIT CAST(?2 AS INTEGER)";
    stored(connection, SQL, params![number(after), rows(limit)])
}

pub(super) fn of_category(
    connection: &Connection,
    category: Category,
    after: Seq,
    limit: usize,
) -> Result<Vec<Stored>, ReadError> {
    // User commits have no index, they are nearly all there is; the others' index is named by its condition.
    const USER: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE category = ?1 AND seq > ?2 ORDER BY seq LIMIT CAST(?3 AS INTEGER)";
    const OTHERS: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE category = ?1 AND category <> 0 AND seq > ?2 ORDER BY seq LIMIT CAST(?3 AS INTEGER)";
    let sql = if category == Category::User { USER } else { OTHERS };
    stored(connection, sql, params![category.number(), number(after), rows(limit)])
}

pub(super) fn of_category_back(
    connection: &Connection,
    category: Category,
    before: Seq,
    limit: usize,
) -> Result<Vec<Stored>, ReadError> {
    const USER: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE category = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT CAST(?3 AS INTEGER)";
    const OTHERS: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE category = ?1 AND category <> 0 AND seq < ?2 ORDER BY seq DESC LIMIT CAST(?3 AS INTEGER)";
    let sql = if category == Category::User { USER } else { OTHERS };
    stored(connection, sql, params![category.number(), number(before), rows(limit)])
}

pub(super) fn head(connection: &Connection) -> Result<Seq, ReadError> {
    heads::head(connection).map_err(|error| read_error(&error))
}

fn stored(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<Stored>, ReadError> {
    let unreadable = |error: rusqlite::Error| read_error(&error);
    let mut statement = connection.prepare_cached(sql).map_err(unreadable)?;
    let mut rows = statement.query(values).map_err(unreadable)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(unreadable)? {
        found.push(commit(row)?);
    }
    Ok(found)
}

fn commit(row: &Row<'_>) -> Result<Stored, ReadError> {
    commit_of(row, |text| Subject::parse(text).ok())
}

/// A commit whose subject is made of its text by `subject`, which need not read what is known.
fn commit_of(row: &Row<'_>, subject: impl Fn(&str) -> Option<Subject>) -> Result<Stored, ReadError> {
    let seq = Seq(row.get::<_, i64>(0).map_err(|error| read_error(&error))?.cast_unsigned());
    let damaged = |what: &str| ReadError::Corrupt(format!("{what} at position {seq}"));
    let text = |column: usize| row.get_ref(column).ok().and_then(|value| value.as_str().ok());
    let payload = row.get_ref(3).ok().and_then(|value| value.as_blob().ok()).ok_or_else(|| damaged("no payload"))?;
    Ok(Stored {
        seq,
        subject: text(1).and_then(subject).ok_or_else(|| damaged("malformed subject"))?,
        id: text(2).and_then(|text| CommitId::parse(text).ok()).ok_or_else(|| damaged("malformed commit id"))?,
        payload: Bytes::copy_from_slice(payload),
        trace: None,
    })
}

/// Positions beyond SQLite's integers are beyond every commit.
fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_READ_COMMITS)).unwrap_or(i64::MAX)
}
