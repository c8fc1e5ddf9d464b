//! Snapshots in a file: the suite, and a file that is a cache and nothing more.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use twofold_event_log::conformance::Sample;
use twofold_event_log::{BoxFuture, Seq, Snapshot, SnapshotError, SnapshotStore, SqliteSnapshots, Subject};

#[derive(Debug)]
struct InFolder {
    store: SqliteSnapshots,
    _folder: TempDir,
}

impl SnapshotStore for InFolder {
    fn get<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>> {
        self.store.get(subject)
    }
    fn put<'a>(&'a self, subject: &'a Subject, snapshot: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>> {
        self.store.put(subject, snapshot)
    }
}

async fn in_folder() -> InFolder {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&file(&folder)).await;
    InFolder { store, _folder: folder }
}

twofold_event_log::snapshot_suite!(in_folder());

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("snapshots.db")
}

async fn open(path: &Path) -> SqliteSnapshots {
    SqliteSnapshots::open(path).await.expect("opened")
}

fn of(byte: u8) -> Snapshot {
    Snapshot { seq: Seq(u64::from(byte)), state: vec![byte; 2000].into() }
}

#[tokio::test]
async fn snapshots_survive_a_restart_and_only_the_owner_reads_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let subject = Sample::user();
    let store = open(&file(&folder)).await;
    store.put(&subject, of(1)).await.expect("kept");
    store.close().await;
    assert!(store.put(&subject, of(2)).await.is_err(), "closed");
    store.close().await;
    let again = open(&file(&folder)).await;
    assert_eq!(again.get(&subject).await, Ok(Some(of(1))));
    let mode = std::fs::metadata(file(&folder)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn two_handles_of_one_file_share_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let subject = Sample::user();
    let path = file(&folder);
    let (here, there) = tokio::join!(open(&path), open(&path));
    here.put(&subject, of(1)).await.expect("kept");
    assert_eq!(there.get(&subject).await, Ok(Some(of(1))));
    there.put(&subject, of(2)).await.expect("kept");
    assert_eq!(here.get(&subject).await, Ok(Some(of(2))));
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_begun_anew() {
    for content in [&b"no database at all, and long enough to be looked at twice"[..], b"SQLite format 3\0broken", b""]
    {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(file(&folder), content).expect("written");
        let subject = Sample::user();
        let store = open(&file(&folder)).await;
        assert_eq!(store.get(&subject).await, Ok(None));
        store.put(&subject, of(1)).await.expect("kept");
        assert_eq!(store.get(&subject).await, Ok(Some(of(1))));
    }
}

#[tokio::test]
async fn a_file_of_another_version_is_begun_anew() {
    use sqlx::{ConnectOptions as _, Connection as _};
    let folder = tempfile::tempdir().expect("a folder");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file(&folder)).create_if_missing(true);
    let mut other = options.connect().await.expect("connected");
    for sql in ["CREATE TABLE snapshots (anything TEXT)", "PRAGMA user_version = 7"] {
        sqlx::query(sql).execute(&mut other).await.expect("done");
    }
    other.close().await.expect("closed");
    let store = open(&file(&folder)).await;
    let subject = Sample::user();
    store.put(&subject, of(1)).await.expect("kept");
    assert_eq!(store.get(&subject).await, Ok(Some(of(1))));
}

/// The first pages are whole, so the file opens; what is wrong shows only when somebody reads or writes.
#[tokio::test]
async fn damage_that_shows_only_later_heals_by_itself() {
    heals(|bytes| bytes[4096..].fill(0xAA)).await;
    heals(|bytes| bytes.truncate(2 * 4096)).await;
}

async fn heals(damage: impl Fn(&mut Vec<u8>)) {
    let folder = tempfile::tempdir().expect("a folder");
    let subjects: Vec<Subject> = (0..200).map(|_| Sample::user()).collect();
    let store = open(&file(&folder)).await;
    for subject in &subjects {
        store.put(subject, of(1)).await.expect("kept");
    }
    store.close().await;
    let mut bytes = std::fs::read(file(&folder)).expect("readable");
    let pages = bytes.len() / 4096;
    assert!(pages > 20, "{pages} pages");
    damage(&mut bytes);
    std::fs::write(file(&folder), bytes).expect("written");

    let store = open(&file(&folder)).await;
    for subject in &subjects {
        // An error or nothing: never something that was not put there.
        let found = store.get(subject).await;
        assert!(matches!(&found, Err(_) | Ok(None)), "{found:?}");
    }
    for _ in 0..500 {
        let kept = store.put(&subjects[0], of(2)).await.is_ok();
        if kept && store.get(&subjects[0]).await == Ok(Some(of(2))) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the store did not heal within five seconds");
}

#[tokio::test]
async fn a_place_that_cannot_hold_a_file_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(SqliteSnapshots::open(folder.path().join("no/such/folder/snapshots.db")).await.is_err());
}
