//! One batch in one transaction.

use std::collections::HashMap;

use twofold_domain::CommitId;
use twofold_sqlite::rusqlite::{self, Connection, OptionalExtension as _, TransactionBehavior, params};

use super::plan::{Facts, Plan, Row};
use crate::{Append, Seq};

/// Why a batch was not committed.
#[derive(Debug)]
pub(super) enum Failure<'a> {
    /// Before the commit: certainly nothing was stored.
    Before(rusqlite::Error),
    /// The commit itself failed: what it left is unknown.
    AtCommit(rusqlite::Error, Plan<'a>),
}

/// Decides and stores a batch. On success every outcome of the plan is true and durable.
pub(super) fn write<'a>(connection: &mut Connection, groups: &[&'a Append]) -> Result<Plan<'a>, Failure<'a>> {
    // IMMEDIATE takes the write lock first: from here on no other process can change what is read.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Failure::Before)?;
    let facts = facts(&transaction, groups).map_err(Failure::Before)?;
    let plan = Plan::make(groups, &facts);
    insert(&transaction, &plan.rows).map_err(Failure::Before)?;
    match transaction.commit() {
        Ok(()) => Ok(plan),
        Err(error) if plan.rows.is_empty() => Err(Failure::Before(error)),
        Err(error) => Err(Failure::AtCommit(error, plan)),
    }
}

fn facts(connection: &Connection, groups: &[&Append]) -> rusqlite::Result<Facts> {
    let mut facts = last_positions(connection, groups)?;
    let doubtful: Vec<Seq> = facts.doubtful(groups).collect();
    if !doubtful.is_empty() {
        facts.ids = commit_ids(connection, &doubtful)?;
    }
    Ok(facts)
}

/// Reads the last position of every subject, from the index alone.
fn last_positions(connection: &Connection, groups: &[&Append]) -> rusqlite::Result<Facts> {
    const LAST: &str = "SELECT seq FROM log WHERE subject = ?1 ORDER BY prev_seq DESC LIMIT 1";
    let head = connection.prepare_cached(super::read::HEAD)?.query_row([], seq)?;
    let mut statement = connection.prepare_cached(LAST)?;
    let mut last = Vec::with_capacity(groups.len());
    for commit in groups.iter().flat_map(|group| &group.commits) {
        last.push(statement.query_row([commit.subject.as_str()], seq).optional()?);
    }
    Ok(Facts { head, last, ids: HashMap::new() })
}

/// Reads the commit ids at some positions.
pub(super) fn commit_ids(connection: &Connection, seqs: &[Seq]) -> rusqlite::Result<HashMap<Seq, CommitId>> {
    let mut statement = connection.prepare_cached("SELECT commit_id FROM log WHERE seq = ?1")?;
    let mut ids = HashMap::with_capacity(seqs.len());
    for seq in seqs {
        let id = statement.query_row([seq.0.cast_signed()], |row| Ok(CommitId::parse(row.get_ref(0)?.as_str()?)));
        // An id that is none of ours is nobody's repetition.
        if let Some(Ok(id)) = id.optional()? {
            ids.insert(*seq, id);
        }
    }
    Ok(ids)
}

fn insert(connection: &Connection, rows: &[Row<'_>]) -> rusqlite::Result<()> {
    // ROLLBACK, because a batch is given up as a whole anyway: SQLite then need not keep copies of every page a
    // statement touches in order to undo that statement alone.
    const INSERT: &str = "INSERT OR ROLLBACK INTO log (seq, subject, prev_seq, commit_id, category, payload) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut statement = connection.prepare_cached(INSERT)?;
    for row in rows {
        let commit = row.commit;
        statement.execute(params![
            row.seq.0.cast_signed(),
            commit.subject.as_str(),
            row.prev.0.cast_signed(),
            commit.id.as_str(),
            commit.subject.category().number(),
            &commit.payload[..],
        ])?;
    }
    Ok(())
}

fn seq(row: &rusqlite::Row<'_>) -> rusqlite::Result<Seq> {
    row.get::<_, i64>(0).map(|seq| Seq(seq.cast_unsigned()))
}
