//! Queries.
//!
//! Limits are cast: SQLite looks into a plain variable after `LIMIT` when it plans, and so would plan the statement anew
//! every time it is used.

use bytes::Bytes;
use twofold_domain::CommitId;
use twofold_sqlite::rusqlite::{self, Connection, Params, Row, params};

use super::error::read_error;
use crate::{Category, MAX_READ_COMMITS, Newest, ReadError, Seq, Stored, Subject};

/// The last position of the log.
pub(super) const HEAD: &str = "SELECT coalesce(max(seq), 0) FROM log";

pub(super) fn of_subject(
    connection: &Connection,
    subject: &Subject,
    after: Seq,
    limit: usize,
) -> Result<Vec<Stored>, ReadError> {
    // The index orders a subject by `prev_seq`. The first commit after a position is the last one whose predecessor
    // lies before it, or the one after that: start there and drop what is too early.
    const SQL: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE subject = ?1 AND seq > ?2 AND prev_seq >= coalesce( \
            (SELECT earlier.prev_seq FROM log AS earlier WHERE earlier.subject = ?1 AND earlier.prev_seq < ?2 \
             ORDER BY earlier.prev_seq DESC LIMIT 1), 0) \
        ORDER BY prev_seq LIMIT CAST(?3 AS INTEGER)";
    stored(connection, SQL, params![subject.as_str(), number(after), rows(limit)])
}

pub(super) fn last_of_subject(connection: &Connection, subject: &Subject) -> Result<Option<Stored>, ReadError> {
    Ok(newest_of_subject(connection, subject, 1)?.commits.pop())
}

pub(super) fn newest_of_subject(connection: &Connection, subject: &Subject, limit: usize) -> Result<Newest, ReadError> {
    const SQL: &str = "SELECT seq, subject, commit_id, payload, prev_seq FROM log \
        WHERE subject = ?1 ORDER BY prev_seq DESC LIMIT CAST(?2 AS INTEGER)";
    let unreadable = |error: rusqlite::Error| read_error(&error);
    let mut statement = connection.prepare_cached(SQL).map_err(unreadable)?;
    let mut found = statement.query(params![subject.as_str(), rows(limit.max(1))]).map_err(unreadable)?;
    let (mut commits, mut previous) = (Vec::new(), 0);
    while let Some(row) = found.next().map_err(unreadable)? {
        commits.push(commit(row)?);
        previous = row.get::<_, i64>(4).map_err(unreadable)?;
    }
    Ok(Newest { commits, all: previous == 0 })
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
    let read = || connection.prepare_cached(HEAD)?.query_row([], |row| row.get::<_, i64>(0));
    read().map(|seq| Seq(seq.cast_unsigned())).map_err(|error| read_error(&error))
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
    let seq = Seq(row.get::<_, i64>(0).map_err(|error| read_error(&error))?.cast_unsigned());
    let damaged = |what: &str| ReadError::Corrupt(format!("{what} at position {seq}"));
    let text = |column: usize| row.get_ref(column).ok().and_then(|value| value.as_str().ok());
    let payload = row.get_ref(3).ok().and_then(|value| value.as_blob().ok()).ok_or_else(|| damaged("no payload"))?;
    Ok(Stored {
        seq,
        subject: text(1).and_then(|text| Subject::parse(text).ok()).ok_or_else(|| damaged("malformed subject"))?,
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
