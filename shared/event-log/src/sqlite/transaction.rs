//! One batch in one transaction.

use std::collections::HashMap;

use twofold_domain::CommitId;
use twofold_sqlite::rusqlite::{self, Connection, OptionalExtension as _, TransactionBehavior, params};

use super::heads::{self, Heads};
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
pub(super) fn write<'a>(
    connection: &mut Connection,
    heads: &Heads,
    groups: &[&'a Append],
) -> Result<Plan<'a>, Failure<'a>> {
    // IMMEDIATE takes the write lock first: from here on no other process can change what is read.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Failure::Before)?;
    let facts = facts(&transaction, heads, groups).map_err(Failure::Before)?;
    let plan = Plan::make(groups, &facts);
    insert(&transaction, &plan.rows).map_err(Failure::Before)?;
    let moved = heads.move_along(&transaction, plan.rows.len()).map_err(Failure::Before)?;
    match transaction.commit() {
        Ok(()) => {
            heads.committed(&plan.rows, &moved);
            Ok(plan)
        }
        Err(error) if plan.rows.is_empty() => Err(Failure::Before(error)),
        Err(error) => Err(Failure::AtCommit(error, plan)),
    }
}

fn facts(connection: &Connection, heads: &Heads, groups: &[&Append]) -> rusqlite::Result<Facts> {
    let head = heads::head(connection)?;
    let mut facts = Facts { head, last: heads.of_all(connection, head, groups)?, ids: HashMap::new() };
    let doubtful: Vec<Seq> = facts.doubtful(groups).collect();
    if !doubtful.is_empty() {
        facts.ids = commit_ids(connection, &doubtful)?;
    }
    Ok(facts)
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
