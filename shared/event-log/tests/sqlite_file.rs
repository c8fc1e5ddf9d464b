//! What only the log in a file has: others may touch it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{
    Append, AppendError, EventLog, InvalidAppend, OpenError, ReadError, Seq, SqliteLog, SqliteLogOptions, Synchronous,
};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn options(folder: &TempDir) -> SqliteLogOptions {
    SqliteLogOptions { synchronous: Synchronous::Off, ..SqliteLogOptions::new(folder.path().join("log.db")) }
}

async fn open(options: SqliteLogOptions) -> SqliteLog {
    SqliteLog::open(options).await.expect("the log opens")
}

async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.expect("the file opens")
}

fn first() -> Append {
    Append::one(Sample::first(&Sample::user()))
}

#[tokio::test]
async fn the_file_refuses_to_change_what_it_holds() {
    let folder = folder();
    let log = open(options(&folder)).await;
    for _ in 0..3 {
        log.append(first()).await.expect("appended");
    }
    let before = log.read_all(Seq::ZERO, 10).await.expect("reads");
    let mut connection = raw(&options(&folder).path).await;
    for sql in [
        "UPDATE log SET payload = x'00' WHERE seq = 2",
        "UPDATE log SET seq = 9 WHERE seq = 3",
        "DELETE FROM log WHERE seq = 3",
        "DELETE FROM log",
        // A row replaced, a gap, a predecessor that is not before it.
        "INSERT OR REPLACE INTO log SELECT seq, subject, prev_seq, commit_id, category, x'00' FROM log WHERE seq = 3",
        "INSERT INTO log SELECT seq + 7, 'tf.x', 0, commit_id, category, payload FROM log WHERE seq = 3",
        "INSERT INTO log SELECT 4, 'tf.x', 4, commit_id, category, payload FROM log WHERE seq = 3",
    ] {
        assert!(sqlx::query(sql).execute(&mut connection).await.is_err(), "{sql}");
    }
    assert_eq!(log.read_all(Seq::ZERO, 10).await.expect("reads"), before);
    log.append(first()).await.expect("the log goes on");
}

#[tokio::test]
async fn the_queries_use_their_indexes() {
    let folder = folder();
    let log = open(options(&folder)).await;
    log.append(first()).await.expect("appended");
    let mut connection = raw(&options(&folder).path).await;
    let plan = |sql: &'static str| sqlx::query_as::<_, (i64, i64, i64, String)>(sql);
    let step = plan(
        "EXPLAIN QUERY PLAN SELECT seq FROM log WHERE subject = ? AND seq > ? \
        AND (seq & 16777215) * 10368889 & 16777215 < 262144 ORDER BY seq LIMIT 1 OFFSET ?",
    );
    let step = step.fetch_all(&mut connection).await.expect("a plan");
    assert!(step.len() == 1 && step[0].3.contains("COVERING INDEX log_steps (subject=? AND seq>?)"), "{step:?}");
    let category = plan(
        "EXPLAIN QUERY PLAN SELECT seq, payload FROM log WHERE category = ? AND category <> 0 AND seq > ? ORDER BY seq",
    );
    let category = category.fetch_all(&mut connection).await.expect("a plan");
    assert!(category.len() == 1 && category[0].3.contains("log_category"), "{category:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_on_one_file_do_not_fork_it() {
    let folder = folder();
    let logs = [Arc::new(open(options(&folder)).await), Arc::new(open(options(&folder)).await)];
    let subject = Sample::user();
    let writers = (0..8_usize).map(|writer| {
        let (log, subject) = (Arc::clone(&logs[writer % 2]), subject.clone());
        tokio::spawn(async move {
            let mut stored = 0;
            while stored < 25 {
                let last = log.last_of_subject(&subject).await.expect("reads");
                let commit = last.map_or_else(|| Sample::first(&subject), |last| Sample::next(&subject, last.seq));
                match log.append(Append::one(commit)).await {
                    Ok(_) => stored += 1,
                    Err(AppendError::Conflict { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("no writer panics");
    }
    let [one, other] = [&logs[0], &logs[1]];
    let stored = one.read_subject(&subject, Seq::ZERO, 1000).await.expect("reads");
    assert_eq!(stored.len(), 200);
    assert_eq!(other.read_subject(&subject, Seq::ZERO, 1000).await.expect("reads"), stored);
    let mut connection = raw(&options(&folder).path).await;
    let chain: Vec<(i64, i64)> =
        sqlx::query_as("SELECT seq, prev_seq FROM log ORDER BY seq").fetch_all(&mut connection).await.expect("reads");
    assert!(chain.windows(2).all(|pair| pair[1].1 == pair[0].0), "every commit follows the one before");
}

#[tokio::test]
async fn a_locked_file_is_unavailable_and_recovers() {
    let folder = folder();
    let log = open(SqliteLogOptions { busy_timeout: Duration::from_millis(50), ..options(&folder) }).await;
    let mut other = raw(&options(&folder).path).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.expect("locked");
    let group = first();
    let outcome = log.append(group.clone()).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable { maybe_appended: false, .. })), "{outcome:?}");
    lock.rollback().await.expect("unlocked");
    assert_eq!(log.append(group).await.expect("appended").seqs, [Seq(1)]);
}

#[tokio::test]
async fn a_full_queue_is_overloaded_and_nothing_of_it_is_lost() {
    const ASKED: usize = 4000;
    // A batch that the writer has taken, held up by the lock, and what waits behind it.
    const ACCEPTED: usize = 1024 + 4;
    let folder = folder();
    let log = open(SqliteLogOptions { queue_groups: 4, ..options(&folder) }).await;
    let mut other = raw(&options(&folder).path).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.expect("locked");
    let mut waiting: Vec<_> = (0..ASKED).map(|_| log.append(first())).collect();
    // The first poll of each hands it over.
    let (overloaded, rest): (Vec<_>, Vec<_>) = {
        let polled = waiting.iter_mut().map(futures_util::FutureExt::now_or_never).collect::<Vec<_>>();
        polled.into_iter().zip(waiting).partition(|(polled, _)| polled.is_some())
    };
    assert!(overloaded.len() >= ASKED - ACCEPTED, "{}", overloaded.len());
    assert!(overloaded.iter().all(|(polled, _)| *polled == Some(Err(AppendError::Overloaded))));
    lock.rollback().await.expect("unlocked");
    let accepted = rest.len();
    for (_, append) in rest {
        append.await.expect("accepted, so appended");
    }
    assert_eq!(log.head().await, Ok(Seq(accepted as u64)));
}

#[tokio::test]
async fn too_many_waiting_bytes_are_overloaded() {
    let folder = folder();
    let log = open(SqliteLogOptions { queue_bytes: 1024, ..options(&folder) }).await;
    let mut commit = Sample::first(&Sample::user());
    commit.payload = vec![0; 2048].into();
    assert_eq!(log.append(Append::one(commit)).await, Err(AppendError::Overloaded));
    log.append(first()).await.expect("a small one fits");
    log.append(first()).await.expect("its bytes were given back");
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_stores_whole_groups_only() {
    let folder = folder();
    let limited = SqliteLogOptions { max_file_bytes: Some(256 * 1024), ..options(&folder) };
    let log = open(limited).await;
    let big = || {
        let commits = [Sample::first(&Sample::user()), Sample::first(&Sample::delivery())];
        Append {
            commits: commits
                .map(|commit| {
                    let mut commit = commit;
                    commit.payload = vec![7; 20_000].into();
                    commit
                })
                .into(),
        }
    };
    let mut stored = 0;
    let refused = loop {
        let group = big();
        match log.append(group.clone()).await {
            Ok(_) => stored += 1,
            Err(AppendError::Unavailable { maybe_appended: false, .. }) => break group,
            Err(other) => panic!("{other:?}"),
        }
        assert!(stored < 100, "the limit holds");
    };
    assert_eq!(log.head().await, Ok(Seq(stored * 2)));
    log.append(first()).await.expect("a small one still fits");
    log.close().await;
    let log = open(options(&folder)).await;
    assert_eq!(log.append(refused).await.expect("there is room now").seqs[0], Seq(stored * 2 + 2));
}

#[tokio::test]
async fn a_closed_log_has_stored_what_it_accepted_and_takes_no_more() {
    let folder = folder();
    let log = open(options(&folder)).await;
    let accepted: Vec<_> = (0..500).map(|_| log.append(first())).collect();
    let (outcomes, ()) = tokio::join!(join_all(accepted), log.close());
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(stored > 0);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(AppendError::Unavailable { maybe_appended: false, .. })), "{outcome:?}");
    }
    let outcome = log.append(first()).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable { maybe_appended: false, .. })));
    assert!(matches!(log.head().await, Err(ReadError::Unavailable(_))));
    let wal = folder.path().join("log.db-wal");
    assert!(wal.metadata().map_or(0, |wal| wal.len()) == 0, "checkpointed");
    assert_eq!(open(options(&folder)).await.head().await, Ok(Seq(stored as u64)));
}

#[tokio::test]
async fn a_reader_reads_follows_and_never_appends() {
    let folder = folder();
    let missing = SqliteLog::open_read_only(options(&folder)).await;
    assert!(matches!(missing, Err(OpenError::Unavailable(_))), "{missing:?}");
    assert!(!options(&folder).path.exists(), "nothing is created");

    let log = open(options(&folder)).await;
    log.append(first()).await.expect("appended");
    let reader = SqliteLog::open_read_only(options(&folder)).await.expect("opens");
    assert_eq!(reader.read_all(Seq::ZERO, 10).await.expect("reads").len(), 1);
    assert_eq!(reader.append(first()).await, Err(AppendError::Invalid(InvalidAppend::ReadOnly)));
    log.append(first()).await.expect("appended");
    let mut watch = reader.watch();
    let noticed = tokio::time::timeout(Duration::from_secs(1), watch.wait_for(|head| *head == Seq(2))).await;
    assert!(noticed.is_ok());
    log.close().await;
    reader.close().await;

    // Without a writer, too.
    let reader = SqliteLog::open_read_only(options(&folder)).await.expect("opens");
    assert_eq!(reader.head().await, Ok(Seq(2)));
}

#[tokio::test]
async fn another_kind_of_file_is_not_opened() {
    let folder = folder();
    let path = options(&folder).path;
    std::fs::write(&path, "this is no database, and long enough to be sure of it").expect("written");
    assert!(matches!(SqliteLog::open(options(&folder)).await, Err(OpenError::Schema(_))));
    std::fs::remove_file(&path).expect("removed");

    let mut connection =
        SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.expect("opens");
    sqlx::query("CREATE TABLE other (id INTEGER)").execute(&mut connection).await.expect("created");
    let opened = SqliteLog::open_read_only(options(&folder)).await;
    assert!(matches!(opened, Err(OpenError::Schema(_))), "{opened:?}");
}

#[tokio::test]
async fn a_file_of_the_first_version_keeps_every_commit_and_takes_the_new_category() {
    let folder = folder();
    let mut all = sqlx::migrate!("../../migrations/sqlite/log");
    all.migrations.to_mut().truncate(1);
    let path = options(&folder).path;
    let mut old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.expect("opens");
    all.run_direct(None, &mut old, false).await.expect("the first version");
    let user = Sample::user();
    let commits = [Sample::first(&user), Sample::first(&Sample::tenant()), Sample::next(&user, Seq(1))];
    for (commit, (seq, previous, category)) in commits.iter().zip([(1, 0, 0), (2, 0, 1), (3, 1, 0)]) {
        let insert = sqlx::query("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)").bind(seq);
        let insert = insert.bind(commit.subject.as_str()).bind(previous).bind(commit.id.as_str()).bind(category);
        insert.bind(commit.payload.to_vec()).execute(&mut old).await.expect("inserted");
    }
    old.close().await.expect("closed");

    let log = open(options(&folder)).await;
    let there = log.read_all(Seq::ZERO, 10).await.expect("reads");
    let ids: Vec<_> = there.iter().map(|stored| &stored.id).collect();
    assert_eq!(ids, commits.iter().map(|commit| &commit.id).collect::<Vec<_>>());
    log.append(Append::one(Sample::first(&Sample::suppression()))).await.expect("the new category");
    log.append(Append::one(Sample::next(&user, Seq(3)))).await.expect("the chain goes on");
    let mut raw = raw(&path).await;
    sqlx::query("DELETE FROM log").execute(&mut raw).await.expect_err("still append-only");
}

/// The end of a subject is found wherever it is: in the table, on its way there, or in memory; by whoever opens the file.
#[tokio::test]
async fn ends_of_subjects_move_into_the_file_and_none_is_lost() {
    let folder = folder();
    let due = |ends_due| SqliteLogOptions { ends_due, ..options(&folder) };
    let (log, reader) = (open(due(50)).await, open(due(7)).await);
    let subjects: Vec<_> = (0..40).map(|_| Sample::user()).collect();
    let mut last = vec![None; subjects.len()];
    for n in 0..600_usize {
        let which = n * 7 % subjects.len();
        let subject = &subjects[which];
        let commit = last[which].map_or_else(|| Sample::first(subject), |last| Sample::next(subject, last));
        last[which] = Some(log.append(Append::one(commit)).await.expect("appended").seqs[0]);
        if n % 40 == 39 {
            let anew = SqliteLog::open_read_only(due(50)).await.expect("opens");
            for (subject, last) in subjects.iter().zip(&last) {
                for log in [&log, &reader, &anew] {
                    let found = log.last_of_subject(subject).await.expect("reads");
                    assert_eq!(found.map(|found| found.seq), *last, "after {n}");
                }
            }
        }
    }
    let mut raw = raw(&options(&folder).path).await;
    let (upto,): (i64,) = sqlx::query_as("SELECT seq FROM heads_upto").fetch_one(&mut raw).await.expect("reads");
    assert!((450..=600).contains(&upto), "{upto}");
}

/// From every position, in pages: the steps of a long subject are neither seen nor missed.
#[tokio::test]
async fn a_long_subject_reads_forwards_in_portions() {
    let folder = folder();
    let log = open(options(&folder)).await;
    let subject = Sample::user();
    let mut own = Vec::new();
    for _ in 0..700 {
        let commit = own.last().map_or_else(|| Sample::first(&subject), |last| Sample::next(&subject, *last));
        own.push(log.append(Append::one(commit)).await.expect("appended").seqs[0]);
        log.append(first()).await.expect("appended");
    }
    for (limit, from) in [(1, 650), (13, 0), (100, 0), (500, 3), (5000, 0)] {
        let mut read: Vec<Seq> = Vec::new();
        let mut after = Seq(from);
        while let page = log.read_subject(&subject, after, limit).await.expect("reads")
            && let Some(last) = page.last()
        {
            assert!(page.len() <= limit);
            after = last.seq;
            read.extend(page.iter().map(|stored| stored.seq));
        }
        let wanted: Vec<Seq> = own.iter().copied().filter(|seq| seq.0 > from).collect();
        assert_eq!(read, wanted, "limit {limit}, after {from}");
    }
}

/// The writer never makes one: it decides under the write lock. Another program's is not built upon.
#[tokio::test]
async fn a_fork_by_another_hand_is_damage() {
    let folder = folder();
    let log = open(options(&folder)).await;
    let subject = Sample::user();
    let seq = log.append(Append::one(Sample::first(&subject))).await.expect("appended").seqs[0];
    let mut raw = raw(&options(&folder).path).await;
    let second = "INSERT INTO log SELECT seq + 1, subject, prev_seq, 'cm', category, payload FROM log";
    sqlx::query(second).execute(&mut raw).await.expect("the file cannot tell");
    let read = log.last_of_subject(&subject).await;
    assert!(matches!(read, Err(ReadError::Corrupt(_))), "{read:?}");
    let appended = log.append(Append::one(Sample::next(&subject, seq))).await;
    assert!(matches!(appended, Err(AppendError::Unavailable { maybe_appended: false, .. })), "{appended:?}");
    assert!(matches!(SqliteLog::open(options(&folder)).await, Err(OpenError::Schema(_))));
}

#[tokio::test]
async fn a_foreign_row_is_reported_as_damage() {
    let folder = folder();
    let log = open(options(&folder)).await;
    let mut connection = raw(&options(&folder).path).await;
    let insert = "INSERT INTO log VALUES (1, 'tf.ev.nonsense', 0, 'cm', 0, x'00')";
    sqlx::query(insert).execute(&mut connection).await.expect("inserted");
    assert!(matches!(log.read_all(Seq::ZERO, 10).await, Err(ReadError::Corrupt(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_open_a_new_file_at_once() {
    let folder = folder();
    let opening = (0..6).map(|_| tokio::spawn(SqliteLog::open(options(&folder))));
    let logs: Vec<_> = join_all(opening).await.into_iter().map(|log| log.expect("no panic").expect("opens")).collect();
    for log in &logs {
        log.append(first()).await.expect("appended");
    }
    assert_eq!(logs[0].head().await, Ok(Seq(6)));
}
