//! One batch in one transaction.

use std::collections::HashMap;
use std::sync::LazyLock;

use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, Connection, Row as _};
use twofold_domain::CommitId;

use super::plan::{Facts, Plan, Row};
use crate::{Append, Seq};

/// Why a batch was not committed.
#[derive(Debug)]
pub(super) enum Failure<'a> {
    /// Before the commit: certainly nothing was stored.
    Before(sqlx::Error),
    /// The commit itself failed: what it left is unknown.
    AtCommit(sqlx::Error, Plan<'a>),
}

/// Decides and stores a batch. On success every outcome of the plan is true and durable.
pub(super) async fn write<'a>(
    connection: &mut SqliteConnection,
    groups: &[&'a Append],
) -> Result<Plan<'a>, Failure<'a>> {
    // IMMEDIATE takes the write lock first: from here on no other process can change what is read.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(Failure::Before)?;
    let facts = facts(&mut transaction, groups).await.map_err(Failure::Before)?;
    let plan = Plan::make(groups, &facts);
    insert(&mut transaction, &plan.rows).await.map_err(Failure::Before)?;
    match transaction.commit().await {
        Ok(()) => Ok(plan),
        Err(error) if plan.rows.is_empty() => Err(Failure::Before(error)),
        Err(error) => Err(Failure::AtCommit(error, plan)),
    }
}

async fn facts(connection: &mut SqliteConnection, groups: &[&Append]) -> Result<Facts, sqlx::Error> {
    let mut facts = last_positions(connection, groups).await?;
    let doubtful: Vec<Seq> = facts.doubtful(groups).collect();
    if !doubtful.is_empty() {
        facts.ids = commit_ids(connection, &doubtful).await?;
    }
    Ok(facts)
}

/// Reads the last position of every subject, from the index alone. All in one row: what a driver hands from thread to
/// thread costs by the row.
async fn last_positions(connection: &mut SqliteConnection, groups: &[&Append]) -> Result<Facts, sqlx::Error> {
    const SQL: &str = "SELECT (SELECT max(seq) FROM log), (SELECT string_agg(wanted.key || ' ' || \
        (SELECT log.seq FROM log WHERE log.subject = wanted.value ORDER BY log.prev_seq DESC LIMIT 1), ',') \
        FROM json_each(?) AS wanted)";
    let subjects = groups.iter().flat_map(|group| &group.commits).map(|commit| commit.subject.as_str());
    let count = groups.iter().map(|group| group.commits.len()).sum();
    let row = sqlx::query(SQL).bind(json_texts(subjects)).fetch_one(connection).await?;
    let head = row.try_get::<Option<i64>, _>(0)?.map(|seq| Seq(seq.cast_unsigned())).unwrap_or_default();
    let mut facts = Facts { head, last: vec![None; count], ids: HashMap::new() };
    for known in row.try_get::<Option<&str>, _>(1)?.unwrap_or_default().split_terminator(',') {
        let (place, seq) = known.split_once(' ').and_then(place_and_seq).ok_or_else(unreadable)?;
        *facts.last.get_mut(place).ok_or_else(unreadable)? = Some(Seq(seq));
    }
    Ok(facts)
}

fn place_and_seq((place, seq): (&str, &str)) -> Option<(usize, u64)> {
    place.parse().ok().zip(seq.parse().ok())
}

fn unreadable() -> sqlx::Error {
    sqlx::Error::Protocol("the last positions cannot be read".to_owned())
}

/// Reads the commit ids at some positions.
pub(super) async fn commit_ids(
    connection: &mut SqliteConnection,
    seqs: &[Seq],
) -> Result<HashMap<Seq, CommitId>, sqlx::Error> {
    const SQL: &str = "SELECT seq, commit_id FROM log WHERE seq IN (SELECT value FROM json_each(?))";
    let mut ids = HashMap::with_capacity(seqs.len());
    for row in sqlx::query(SQL).bind(json_numbers(seqs)).fetch_all(connection).await? {
        // An id that is none of ours is nobody's repetition.
        if let Ok(id) = CommitId::parse(row.try_get::<&str, _>(1)?) {
            ids.insert(Seq(row.try_get::<i64, _>(0)?.cast_unsigned()), id);
        }
    }
    Ok(ids)
}

/// Rows per statement, largest first. Few sizes, so that every statement stays prepared; not too few, for each statement is
/// a trip to the connection's thread and back.
const SIZES: [usize; 8] = [256, 64, 32, 16, 8, 4, 2, 1];

static INSERTS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| {
    SIZES.map(|rows| {
        let values = vec!["(?,?,?,?,?,?)"; rows].join(",");
        // ROLLBACK, because a batch is given up as a whole anyway: SQLite then need not keep copies of every page a
        // statement touches in order to undo that statement alone.
        format!("INSERT OR ROLLBACK INTO log (seq, subject, prev_seq, commit_id, category, payload) VALUES {values}")
    })
});

async fn insert(connection: &mut SqliteConnection, mut rows: &[Row<'_>]) -> Result<(), sqlx::Error> {
    let inserts: &'static [String; SIZES.len()] = &INSERTS;
    for (size, sql) in SIZES.into_iter().zip(inserts) {
        while rows.len() >= size {
            let (now, later) = rows.split_at(size);
            rows = later;
            sqlx::query_with(sql.as_str(), arguments(now)?).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn arguments(rows: &[Row<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.len() * 6, 0);
    for row in rows {
        let commit = row.commit;
        arguments.add(row.seq.0.cast_signed()).map_err(sqlx::Error::Encode)?;
        arguments.add(commit.subject.shared_text()).map_err(sqlx::Error::Encode)?;
        arguments.add(row.prev.0.cast_signed()).map_err(sqlx::Error::Encode)?;
        arguments.add(commit.id.as_str()).map_err(sqlx::Error::Encode)?;
        arguments.add(commit.subject.category().number()).map_err(sqlx::Error::Encode)?;
        arguments.add(&commit.payload[..]).map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Subjects hold nothing that JSON would escape.
fn json_texts<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut json = String::from("[");
    for text in texts {
        json.push_str(if json.len() > 1 { ",\"" } else { "\"" });
        json.push_str(text);
        json.push('"');
    }
    json.push(']');
    json
}

fn json_numbers(seqs: &[Seq]) -> String {
    let numbers: Vec<String> = seqs.iter().map(Seq::to_string).collect();
    format!("[{}]", numbers.join(","))
}
