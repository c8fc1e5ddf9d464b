//! A disk that takes no more in the middle of commits. A file size limit on a child process stands in for it: writes
//! beyond the limit fail inside the COMMIT, which is where the outcome is in doubt.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::process::Command;
use twofold_domain::{CommitId, TenantId, UserToken};
use twofold_event_log::{
    Append, AppendError, EventLog, Expected, NewCommit, Seq, SqliteLog, SqliteLogOptions, Subject,
};

/// Set for the child: the file to append to.
const FILE_VARIABLE: &str = "TWOFOLD_TEST_FULL_DISK_FILE";
const MARK: &str = "outcome ";
const ROUNDS: u64 = 60;
const WRITERS: u64 = 4;

/// The n-th append of the child, the same in every process.
fn nth(n: u64) -> NewCommit {
    let mut bytes = [5; 16];
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    let subject = Subject::user(0, &TenantId::from_bytes([5; 16]), &UserToken::from_bytes(bytes));
    let payload = vec![b'p'; 3000].into();
    NewCommit { subject, expected: Some(Expected::NoStream), id: CommitId::from_bytes(bytes), payload }
}

/// The child: appends in rounds and prints how each one ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child process of the other test"]
async fn append_onto_a_full_disk() {
    let Some(file) = std::env::var_os(FILE_VARIABLE) else { return };
    let log = Arc::new(SqliteLog::open(SqliteLogOptions::new(PathBuf::from(file))).await.expect("the log opens"));
    for round in 0..ROUNDS {
        let numbers = round * WRITERS..(round + 1) * WRITERS;
        let outcomes = join_all(numbers.clone().map(|n| log.append(Append::one(nth(n))))).await;
        for (n, outcome) in numbers.zip(outcomes) {
            match outcome {
                Ok(_) => println!("{MARK}stored {n}"),
                Err(AppendError::Unavailable { maybe_appended: true, .. }) => println!("{MARK}unknown {n}"),
                Err(AppendError::Unavailable { maybe_appended: false, .. }) => println!("{MARK}refused {n}"),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_disk_that_fills_during_commits_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("log.db");
    SqliteLog::open(SqliteLogOptions::new(&file)).await.expect("created").close().await;
    let outcomes = run_limited(&file).await;
    let count = |kind: &str| outcomes.iter().filter(|(k, _)| k == kind).count();
    assert_eq!(outcomes.len() as u64, ROUNDS * WRITERS);
    assert!(count("stored") > 0 && count("unknown") > 0, "{outcomes:?}");
    let first_failure = outcomes.iter().position(|(kind, _)| kind != "stored").expect("the limit was reached");
    assert!(outcomes[first_failure..].iter().any(|(kind, _)| kind == "stored"), "it recovers by itself");

    let log = SqliteLog::open(SqliteLogOptions::new(&file)).await.expect("opens");
    for (kind, n) in outcomes {
        let commit = nth(n);
        let stored = log.read_subject(&commit.subject, Seq::ZERO, 10).await.expect("reads");
        match kind.as_str() {
            "stored" => assert_eq!(stored.len(), 1, "{n} was acknowledged"),
            "refused" => assert!(stored.is_empty(), "{n} was refused"),
            _ => {
                // Repeating settles what was unknown.
                log.append(Append::one(commit.clone())).await.expect("there is room now");
                assert_eq!(log.read_subject(&commit.subject, Seq::ZERO, 10).await.expect("reads").len(), 1);
            }
        }
    }
}

/// Runs the child with files limited to 400 blocks; the signal is ignored so that the write fails instead.
async fn run_limited(file: &Path) -> Vec<(String, u64)> {
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -S -f 400; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "append_onto_a_full_disk", "--ignored", "--nocapture"])
        .env(FILE_VARIABLE, file)
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the child runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcomes = text.lines().filter_map(|line| line.split_once(MARK)?.1.split_once(' '));
    outcomes.map(|(kind, n)| (kind.to_owned(), n.parse().expect("a number"))).collect()
}
