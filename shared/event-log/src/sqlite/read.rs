//! Queries.
//!
//! Limits are cast: SQLite looks into a plain variable after `LIMIT` when it plans, and so would plan the statement anew
//! every time it is used.

use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use twofold_domain::CommitId;

use super::error::read_error;
use crate::{Category, MAX_READ_COMMITS, ReadError, Seq, Stored, Subject};

pub(super) async fn of_subject(
    pool: &SqlitePool,
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
    let query = sqlx::query(SQL).bind(subject.shared_text()).bind(number(after)).bind(rows(limit));
    stored(query.fetch_all(pool).await)
}

pub(super) async fn last_of_subject(pool: &SqlitePool, subject: &Subject) -> Result<Option<Stored>, ReadError> {
    const SQL: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE subject = ?1 ORDER BY prev_seq DESC LIMIT 1";
    let rows = sqlx::query(SQL).bind(subject.shared_text()).fetch_all(pool).await;
    Ok(stored(rows)?.pop())
}

pub(super) async fn all(pool: &SqlitePool, after: Seq, limit: usize) -> Result<Vec<Stored>, ReadError> {
    const SQL: &str =
        "SELECT seq, subject, commit_id, payload FROM log WHERE seq > ?1 ORDER BY seq LIMIT CAST(?2 AS INTEGER)";
    stored(sqlx::query(SQL).bind(number(after)).bind(rows(limit)).fetch_all(pool).await)
}

pub(super) async fn of_category(
    pool: &SqlitePool,
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
    let query = sqlx::query(sql).bind(category.number()).bind(number(after)).bind(rows(limit));
    stored(query.fetch_all(pool).await)
}

pub(super) async fn of_category_back(
    pool: &SqlitePool,
    category: Category,
    before: Seq,
    limit: usize,
) -> Result<Vec<Stored>, ReadError> {
    const USER: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE category = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT CAST(?3 AS INTEGER)";
    const OTHERS: &str = "SELECT seq, subject, commit_id, payload FROM log \
        WHERE category = ?1 AND category <> 0 AND seq < ?2 ORDER BY seq DESC LIMIT CAST(?3 AS INTEGER)";
    let sql = if category == Category::User { USER } else { OTHERS };
    let query = sqlx::query(sql).bind(category.number()).bind(number(before)).bind(rows(limit));
    stored(query.fetch_all(pool).await)
}

pub(super) async fn head(pool: &SqlitePool) -> Result<Seq, ReadError> {
    let head = sqlx::query_scalar::<_, i64>("SELECT coalesce(max(seq), 0) FROM log").fetch_one(pool).await;
    head.map(|seq| Seq(seq.cast_unsigned())).map_err(|error| read_error(&error))
}

fn stored(rows: Result<Vec<SqliteRow>, sqlx::Error>) -> Result<Vec<Stored>, ReadError> {
    rows.map_err(|error| read_error(&error))?.iter().map(commit).collect()
}

fn commit(row: &SqliteRow) -> Result<Stored, ReadError> {
    let seq = Seq(row.try_get::<i64, _>(0).map_err(|error| read_error(&error))?.cast_unsigned());
    let damaged = |what: &str| ReadError::Corrupt(format!("{what} at position {seq}"));
    let subject = row.try_get::<&str, _>(1).map_err(|_| damaged("no subject"))?;
    let id = row.try_get::<&str, _>(2).map_err(|_| damaged("no commit id"))?;
    let payload = row.try_get::<&[u8], _>(3).map_err(|_| damaged("no payload"))?;
    Ok(Stored {
        seq,
        subject: Subject::parse(subject).map_err(|_| damaged("malformed subject"))?,
        id: CommitId::parse(id).map_err(|_| damaged("malformed commit id"))?,
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
