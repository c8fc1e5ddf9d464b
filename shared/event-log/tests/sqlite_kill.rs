//! Nothing acknowledged is lost when the process is killed at any moment (SIGKILL: no drop, no close, no flush).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use twofold_domain::CommitId;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{Append, EventLog, MAX_READ_COMMITS, Seq, SqliteLog, SqliteLogOptions};

/// Set for the child: the file to append to.
const FILE_VARIABLE: &str = "TWOFOLD_TEST_APPEND_FILE";
const KILLS: usize = 10;
const MARK: &str = "acknowledged ";

/// The child: appends without end from 32 tasks and prints what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child process of the other test"]
async fn append_until_killed() {
    let Some(file) = std::env::var_os(FILE_VARIABLE) else { return };
    let log = Arc::new(SqliteLog::open(SqliteLogOptions::new(PathBuf::from(file))).await.expect("the log opens"));
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                loop {
                    let commit = Sample::first(&Sample::user());
                    let id = random_id();
                    let commit = twofold_event_log::NewCommit { id: id.clone(), subject: subject_of(&id), ..commit };
                    let appended = log.append(Append::one(commit)).await.expect("appended");
                    println!("{MARK}{} {id}", appended.seqs[0]);
                }
            })
        })
        .collect();
    futures_util::future::join_all(tasks).await;
}

/// Ids must differ between children, which all count from the same start.
fn random_id() -> CommitId {
    use std::hash::{BuildHasher, RandomState};
    let half = || RandomState::new().hash_one(Sample::bytes()).to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half());
    bytes[8..].copy_from_slice(&half());
    CommitId::from_bytes(bytes)
}

fn subject_of(id: &CommitId) -> twofold_event_log::Subject {
    use twofold_domain::{TenantId, UserToken};
    let user = UserToken::parse(&format!("us{}", &id.as_str()[2..])).expect("the same alphabet");
    twofold_event_log::Subject::user(0, &TenantId::from_bytes([9; 16]), &user)
}

#[tokio::test]
async fn kill_nine_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    let mut acknowledged = HashMap::new();
    for kill in 0..KILLS {
        run_and_kill(&file, 50 + kill * 37, &mut acknowledged).await;
    }
    let log = SqliteLog::open(SqliteLogOptions::new(file)).await.expect("the log opens");
    let mut stored = HashMap::new();
    let mut after = Seq::ZERO;
    while let page = log.read_all(after, MAX_READ_COMMITS).await.expect("reads")
        && let Some(last) = page.last()
    {
        after = last.seq;
        stored.extend(page.into_iter().map(|commit| (commit.seq.0, commit.id.to_string())));
    }
    assert!(acknowledged.len() >= KILLS * 50);
    for (seq, id) in &acknowledged {
        assert_eq!(stored.get(seq), Some(id), "position {seq}");
    }
}

/// Lets a child append until it has acknowledged so many, then kills it, and reads what it still said.
async fn run_and_kill(file: &Path, count: usize, acknowledged: &mut HashMap<u64, String>) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "append_until_killed", "--ignored", "--nocapture"])
        .env(FILE_VARIABLE, file)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the child starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut seen = 0;
    while let Ok(Some(line)) = lines.next_line().await {
        // The last line may have been cut off by the kill: then it lacks a whole id.
        let Some((_, rest)) = line.split_once(MARK) else { continue };
        if let Some((seq, id)) = rest.split_once(' ')
            && id.len() == CommitId::LEN
        {
            let before = acknowledged.insert(seq.parse().expect("a position"), id.to_owned());
            assert!(before.is_none(), "position {seq} was acknowledged twice");
            seen += 1;
        }
        if seen == count {
            child.start_kill().expect("killed");
        }
    }
    assert!(seen >= count);
    child.wait().await.expect("ended");
}
