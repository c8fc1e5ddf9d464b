//! One suite over every key store, then what only the file can show.

use std::{os::unix::fs::MetadataExt as _, path::Path, sync::Arc};

use tokio::task::JoinSet;
use twofold_crypto::{KeyStore, Lookup, MemoryKeyStore, SqliteKeyStore};

async fn sqlite(directory: &Path) -> SqliteKeyStore {
    SqliteKeyStore::open(directory.join("keys.db")).await.expect("opened")
}

async fn stores(directory: &Path) -> [Arc<dyn KeyStore>; 2] {
    [Arc::new(MemoryKeyStore::new()), Arc::new(sqlite(directory).await)]
}

#[tokio::test]
async fn the_first_key_stays() {
    let directory = tempfile::tempdir().expect("directory");
    for store in stores(directory.path()).await {
        assert_eq!(store.get("a").await.expect("answer"), Lookup::Absent);
        assert_eq!(store.put_if_absent("a", vec![1]).await.expect("answer"), Lookup::Present(vec![1]));
        assert_eq!(store.put_if_absent("a", vec![2]).await.expect("answer"), Lookup::Present(vec![1]));
        assert_eq!(store.get("a").await.expect("answer"), Lookup::Present(vec![1]));
        assert_eq!(store.get("b").await.expect("answer"), Lookup::Absent);
        for odd in ["", "a'; DROP TABLE data_keys; --", "ä\u{2028}", "a\0b"] {
            assert_eq!(store.put_if_absent(odd, vec![3]).await.expect("answer"), Lookup::Present(vec![3]), "{odd:?}");
            assert_eq!(store.get(odd).await.expect("answer"), Lookup::Present(vec![3]), "{odd:?}");
        }
    }
}

#[tokio::test]
async fn a_destroyed_key_never_comes_back() {
    let directory = tempfile::tempdir().expect("directory");
    for store in stores(directory.path()).await {
        store.put_if_absent("a", vec![1]).await.expect("answer");
        assert!(store.destroy("a").await.expect("answer"));
        assert!(!store.destroy("a").await.expect("answer"), "the second time there was none");
        assert_eq!(store.get("a").await.expect("answer"), Lookup::Destroyed);
        assert_eq!(store.put_if_absent("a", vec![2]).await.expect("answer"), Lookup::Destroyed);
        assert!(!store.replace("a", &[1], vec![2]).await.expect("answer"));
        assert_eq!(store.get("a").await.expect("answer"), Lookup::Destroyed);

        assert!(!store.destroy("never").await.expect("answer"));
        assert_eq!(store.put_if_absent("never", vec![2]).await.expect("answer"), Lookup::Destroyed);
    }
}

#[tokio::test]
async fn a_key_is_replaced_only_by_who_knows_it() {
    let directory = tempfile::tempdir().expect("directory");
    for store in stores(directory.path()).await {
        assert!(!store.replace("a", &[1], vec![2]).await.expect("answer"));
        assert_eq!(store.get("a").await.expect("answer"), Lookup::Absent);
        store.put_if_absent("a", vec![1]).await.expect("answer");
        assert!(!store.replace("a", &[9], vec![2]).await.expect("answer"));
        assert!(store.replace("a", &[1], vec![2]).await.expect("answer"));
        assert_eq!(store.get("a").await.expect("answer"), Lookup::Present(vec![2]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_racing_tasks_one_wins_for_all() {
    let directory = tempfile::tempdir().expect("directory");
    for store in stores(directory.path()).await {
        let mut tasks = JoinSet::new();
        for n in 0..64_u8 {
            let store = Arc::clone(&store);
            tasks.spawn(async move { store.put_if_absent("a", vec![n; 65]).await.expect("answer") });
        }
        let answers = tasks.join_all().await;
        let held = store.get("a").await.expect("answer");
        assert!(matches!(held, Lookup::Present(_)));
        assert_eq!(answers.len(), 64);
        assert!(answers.iter().all(|answer| *answer == held));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_agree() {
    let directory = tempfile::tempdir().expect("directory");
    let stores = [Arc::new(sqlite(directory.path()).await), Arc::new(sqlite(directory.path()).await)];
    let mut tasks = JoinSet::new();
    for n in 0..64_u8 {
        let store = Arc::clone(&stores[usize::from(n % 2)]);
        tasks.spawn(async move { store.put_if_absent(&format!("a{}", n / 2 % 8), vec![n; 65]).await.expect("answer") });
    }
    tasks.join_all().await;
    for owner in 0..8 {
        let owner = format!("a{owner}");
        assert_eq!(stores[0].get(&owner).await.expect("answer"), stores[1].get(&owner).await.expect("answer"));
    }
    assert!(stores[0].destroy("a1").await.expect("answer"));
    assert_eq!(stores[1].get("a1").await.expect("answer"), Lookup::Destroyed);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_tombstones_survive_a_reopen() {
    let directory = tempfile::tempdir().expect("directory");
    let store = sqlite(directory.path()).await;
    store.put_if_absent("kept", vec![1]).await.expect("answer");
    store.put_if_absent("gone", vec![2]).await.expect("answer");
    store.destroy("gone").await.expect("answer");
    drop(store);
    let store = sqlite(directory.path()).await;
    assert_eq!(store.get("kept").await.expect("answer"), Lookup::Present(vec![1]));
    assert_eq!(store.get("gone").await.expect("answer"), Lookup::Destroyed);
    assert_eq!(store.put_if_absent("gone", vec![3]).await.expect("answer"), Lookup::Destroyed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_destroyed_wrap() {
    let directory = tempfile::tempdir().expect("directory");
    let store = sqlite(directory.path()).await;
    let canary = b"canary-wrap-7f3a9c";
    let on_disk = |needle: &[u8]| {
        std::fs::read_dir(directory.path()).expect("listing").any(|entry| {
            let bytes = std::fs::read(entry.expect("entry").path()).expect("readable");
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    for n in 0..50 {
        store.put_if_absent(&format!("other{n}"), vec![n; 65]).await.expect("answer");
    }
    store.put_if_absent("a", canary.to_vec()).await.expect("answer");
    store.put_if_absent("b", canary.to_vec()).await.expect("answer");
    assert!(on_disk(canary), "the check itself works");
    store.destroy("a").await.expect("answer");
    store.replace("b", canary, vec![1; 65]).await.expect("answer");
    assert!(!on_disk(canary));
}

#[tokio::test]
async fn the_files_are_private() {
    let directory = tempfile::tempdir().expect("directory");
    let store = sqlite(directory.path()).await;
    store.put_if_absent("a", vec![1]).await.expect("answer");
    for entry in std::fs::read_dir(directory.path()).expect("listing") {
        let entry = entry.expect("entry");
        assert_eq!(entry.metadata().expect("metadata").mode() & 0o777, 0o600, "{}", entry.path().display());
    }
    assert!(!format!("{store:?}").is_empty());
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_an_error() {
    let directory = tempfile::tempdir().expect("directory");
    let error = SqliteKeyStore::open(directory.path().join("none/keys.db")).await.expect_err("refused");
    assert_eq!(error.to_string(), "the key store is unavailable");
}
