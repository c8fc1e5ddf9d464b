//! Usage in a file: the suite, and a file that is shared, private, tidy and replaceable.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use twofold_event_log::conformance::usage::Store;
use twofold_event_log::{BoxFuture, Counter, SqliteUsage, UsageError, UsageStore, Window};

#[derive(Debug)]
struct InFolder {
    store: SqliteUsage,
    _folder: TempDir,
}

impl UsageStore for InFolder {
    fn add<'a>(&'a self, counters: &'a [Counter], by: u32) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        self.store.add(counters, by)
    }
    fn read<'a>(&'a self, counters: &'a [Counter]) -> BoxFuture<'a, Result<Vec<u64>, UsageError>> {
        self.store.read(counters)
    }
}

async fn in_folder() -> Store {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    Arc::new(InFolder { store, _folder: folder })
}

twofold_event_log::usage_suite!(in_folder());

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("usage.db")
}

async fn open(path: &Path) -> SqliteUsage {
    SqliteUsage::open(path).await.expect("opened")
}

fn hour(n: u64) -> [Counter; 1] {
    [Counter::new("some.name", Window::Hour(n)).expect("a counter")]
}

async fn rows(path: &Path) -> i64 {
    let mut other = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.expect("connected");
    let rows = sqlx::query_scalar("SELECT count(*) FROM usage").fetch_one(&mut other).await.expect("counted");
    other.close().await.expect("closed");
    rows
}

#[tokio::test]
async fn totals_survive_a_restart_and_only_the_owner_reads_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    assert_eq!(store.add(&hour(1), 2).await, Ok(vec![2]));
    store.close().await;
    assert!(store.add(&hour(1), 1).await.is_err(), "closed");
    store.close().await;
    let again = open(&file(&folder)).await;
    assert_eq!(again.add(&hour(1), 1).await, Ok(vec![3]));
    let mode = std::fs::metadata(file(&folder)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn two_handles_of_one_file_count_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(&folder);
    let (here, there) = tokio::join!(open(&path), open(&path));
    for n in 0..50 {
        assert_eq!(here.add(&hour(1), 1).await, Ok(vec![2 * n + 1]));
        assert_eq!(there.add(&hour(1), 1).await, Ok(vec![2 * n + 2]));
    }
    assert_eq!(here.read(&hour(1)).await, Ok(vec![100]));
}

#[tokio::test]
async fn totals_that_ended_more_than_a_day_ago_are_deleted() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    for n in 500_000..500_100 {
        store.add(&hour(n), 1).await.expect("counted");
    }
    assert_eq!(store.read(&hour(500_080)).await, Ok(vec![1]), "less than a day old");
    assert_eq!(store.read(&hour(500_000)).await, Ok(vec![0]));
    assert!(rows(&file(&folder)).await < 30, "{} rows", rows(&file(&folder)).await);
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_begun_anew() {
    for content in [&b"no database at all, and long enough to be looked at twice"[..], b"SQLite format 3\0broken", b""]
    {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(file(&folder), content).expect("written");
        let store = open(&file(&folder)).await;
        assert_eq!(store.add(&hour(1), 1).await, Ok(vec![1]));
    }
    let folder = tempfile::tempdir().expect("a folder");
    assert!(SqliteUsage::open(folder.path().join("no/such/folder/usage.db")).await.is_err());
}
