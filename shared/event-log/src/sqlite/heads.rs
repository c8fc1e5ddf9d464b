//! Where each subject ends.
//!
//! Each commit names its predecessor, so a subject is read from its end. Writing every new end into a table would cost a
//! page at random for each commit; so the newest ends are in memory, and move into the table later, many at a time and in
//! its order. The table tells up to which position it is complete, and what lies after that is read from the log itself.

use std::collections::HashMap;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use twofold_sqlite::rusqlite::{self, Connection, OptionalExtension as _, TransactionBehavior, params};

use super::error::damaged;
use super::plan::Row;
use crate::{Append, Seq, Subject};

/// Ends moved with each commit that is stored: one comes with each, so all have moved before the next are due.
const MOVED_EACH: usize = 2;

/// A subject in the table: a hash that nobody can make two subjects share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key([u8; 16]);

impl Key {
    fn of(subject: &str) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&Sha256::digest(subject)[..16]);
        Self(key)
    }
}

/// The ends as one process knows them. Shared by all its connections to the file.
#[derive(Debug)]
pub(super) struct Heads(Mutex<Tail>);

/// Ends that the table may not have.
#[derive(Debug)]
struct Tail {
    /// Commits after which their ends begin to move into the table.
    due: u64,
    /// Every commit up to here is in the table, in `moving` or in `newest`.
    known: Seq,
    /// Ends made after `since`.
    newest: HashMap<Key, Seq>,
    since: Seq,
    /// Ends made up to `since`, in the table's order; the first `moved` of them are in the table.
    moving: Vec<(Key, Seq)>,
    moved: usize,
}

/// Ends on their way into the table in one transaction.
#[derive(Debug)]
pub(super) struct Portion {
    ends: Vec<(Key, Seq)>,
    /// With these the table is complete up to here.
    complete: Option<Seq>,
}

impl Heads {
    pub fn new(due: u64) -> Self {
        Self(Mutex::new(Tail::after(Seq::ZERO, due.max(1))))
    }

    /// The last position of a subject, as the file has it now.
    pub fn last(&self, connection: &Connection, subject: &Subject) -> rusqlite::Result<Option<Seq>> {
        let key = Key::of(subject.as_str());
        let head = head(connection)?;
        // What leaves memory is in the table before, so it is found in one of them.
        let newest = {
            let mut tail = self.0.lock();
            tail.catch_up(connection, head)?;
            tail.get(key)
        };
        newest.map_or_else(|| in_table(connection, key), |seq| Ok(Some(seq)))
    }

    /// The last positions of the subjects of all commits, in their order. Under the write lock, so they stay what they are.
    pub fn of_all(&self, connection: &Connection, head: Seq, groups: &[&Append]) -> rusqlite::Result<Vec<Option<Seq>>> {
        let mut tail = self.0.lock();
        tail.catch_up(connection, head)?;
        let commits = groups.iter().flat_map(|group| &group.commits);
        commits.map(|commit| tail.last(connection, Key::of(commit.subject.as_str()))).collect()
    }

    /// Writes the next ends into the table, as part of the transaction that stores some rows.
    pub fn move_along(&self, connection: &Connection, rows: usize) -> rusqlite::Result<Portion> {
        let portion = self.0.lock().portion(rows * MOVED_EACH);
        portion.write(connection)?;
        Ok(portion)
    }

    /// Takes rows that are committed, with the portion that was moved along.
    pub fn committed(&self, rows: &[Row<'_>], portion: &Portion) {
        let mut tail = self.0.lock();
        for row in rows {
            tail.add(Key::of(row.commit.subject.as_str()), row.seq);
        }
        tail.moved(portion);
        if tail.moving.is_empty() && tail.known.0 - tail.since.0 >= tail.due {
            tail.begin_moving();
        }
    }

    /// Learns what the log holds beyond the table, and makes the table anew where much is missing, as after a migration.
    pub fn prepare(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        loop {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let head = head(&transaction)?;
            let mut tail = self.0.lock();
            tail.skip_what_the_table_has(&transaction, head)?;
            let next = head.min(tail.known.plus(tail.due));
            tail.catch_up(&transaction, next)?;
            if next == head {
                return Ok(());
            }
            tracing::info!(position = next.0, of = head.0, "finding the ends of the event log's subjects");
            tail.begin_moving();
            let portion = tail.portion(usize::MAX);
            portion.write(&transaction)?;
            transaction.commit()?;
            tail.moved(&portion);
        }
    }
}

impl Tail {
    /// Knows what the table has, up to a position where it is complete.
    fn after(complete: Seq, due: u64) -> Self {
        Self { due, known: complete, newest: HashMap::new(), since: complete, moving: Vec::new(), moved: 0 }
    }

    fn get(&self, key: Key) -> Option<Seq> {
        let moving = || self.moving.binary_search_by_key(&key, |(key, _)| *key).ok().map(|at| self.moving[at].1);
        self.newest.get(&key).copied().or_else(moving)
    }

    fn last(&self, connection: &Connection, key: Key) -> rusqlite::Result<Option<Seq>> {
        self.get(key).map_or_else(|| in_table(connection, key), |seq| Ok(Some(seq)))
    }

    fn add(&mut self, key: Key, seq: Seq) {
        // A reader may have seen the row before the writer tells of it.
        if seq > self.known {
            self.newest.insert(key, seq);
            self.known = seq;
        }
    }

    /// Reads the commits of other processes, and those that the table does not have yet.
    fn catch_up(&mut self, connection: &Connection, head: Seq) -> rusqlite::Result<()> {
        const AFTER: &str = "SELECT seq, subject, prev_seq FROM log WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
        if head <= self.known {
            return Ok(());
        }
        self.skip_what_the_table_has(connection, head)?;
        let mut statement = connection.prepare_cached(AFTER)?;
        let mut rows = statement.query(params![self.known.0.cast_signed(), head.0.cast_signed()])?;
        while let Some(row) = rows.next()? {
            let (seq, previous) = (position(row, 0)?, position(row, 2)?);
            let key = Key::of(row.get_ref(1)?.as_str()?);
            let last = self.last(connection, key)?.unwrap_or_default();
            // The table may be ahead of what it promises.
            if last < seq && last != previous {
                return Err(damaged(format!("position {seq} follows {previous}, but its subject ends at {last}")));
            }
            self.newest.insert(key, last.max(seq));
            self.known = seq;
        }
        Ok(())
    }

    /// Goes on from where the table is complete, when that is far ahead: in a process that has just begun, or one beside
    /// another that moves the ends.
    fn skip_what_the_table_has(&mut self, connection: &Connection, head: Seq) -> rusqlite::Result<()> {
        const UPTO: &str = "SELECT seq FROM heads_upto";
        if head.0.saturating_sub(self.since.0) > self.due.saturating_mul(3) {
            let complete = connection.prepare_cached(UPTO)?.query_row([], |row| position(row, 0))?;
            if complete > self.since {
                *self = Self::after(complete, self.due);
            }
        }
        Ok(())
    }

    fn begin_moving(&mut self) {
        self.moving = self.newest.drain().collect();
        self.moving.sort_unstable();
        self.moved = 0;
        self.since = self.known;
    }

    fn portion(&self, ends: usize) -> Portion {
        let until = self.moved.saturating_add(ends).min(self.moving.len());
        let complete = (until == self.moving.len() && until > 0).then_some(self.since);
        Portion { ends: self.moving[self.moved..until].to_vec(), complete }
    }

    fn moved(&mut self, portion: &Portion) {
        if portion.complete.is_some() {
            self.moving = Vec::new();
            self.moved = 0;
        } else if !self.moving.is_empty() {
            self.moved += portion.ends.len();
        }
    }
}

impl Portion {
    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        const END: &str = "INSERT INTO heads (subject, seq) VALUES (?1, ?2) \
            ON CONFLICT (subject) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq";
        const COMPLETE: &str = "UPDATE heads_upto SET seq = ?1 WHERE seq < ?1";
        let mut statement = connection.prepare_cached(END)?;
        for (key, seq) in &self.ends {
            statement.execute(params![&key.0[..], seq.0.cast_signed()])?;
        }
        if let Some(seq) = self.complete {
            connection.prepare_cached(COMPLETE)?.execute([seq.0.cast_signed()])?;
        }
        Ok(())
    }
}

/// The last position of the log.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Seq> {
    const HEAD: &str = "SELECT coalesce(max(seq), 0) FROM log";
    connection.prepare_cached(HEAD)?.query_row([], |row| position(row, 0))
}

fn in_table(connection: &Connection, key: Key) -> rusqlite::Result<Option<Seq>> {
    const END: &str = "SELECT seq FROM heads WHERE subject = ?1";
    connection.prepare_cached(END)?.query_row([&key.0[..]], |row| position(row, 0)).optional()
}

/// A position in a column.
pub(super) fn position(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    row.get::<_, i64>(column).map(|seq| Seq(seq.cast_unsigned()))
}
