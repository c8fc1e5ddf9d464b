//! One suite over every key store, then what only the file can show.

use std::{os::unix::fs::MetadataExt as _, path::Path, sync::Arc};

use tempfile::TempDir;
use twofold_crypto::key_store::conformance::Harness;
use twofold_crypto::{KeyStore, MemoryKeyStore, SqliteKeyStore, StoreFuture, key_store_suite};

async fn sqlite(directory: &Path) -> SqliteKeyStore {
    SqliteKeyStore::open(directory.join("keys.db")).await.expect("opened")
}

mod memory {
    use super::*;

    struct Memory(Arc<MemoryKeyStore>);

    impl Harness for Memory {
        fn open(&self) -> StoreFuture<'_, Arc<dyn KeyStore>> {
            Box::pin(async { Ok(Arc::<MemoryKeyStore>::clone(&self.0) as Arc<dyn KeyStore>) })
        }
    }

    key_store_suite!(Memory(Arc::default()));
}

mod file {
    use super::*;

    struct File(TempDir);

    impl Harness for File {
        fn open(&self) -> StoreFuture<'_, Arc<dyn KeyStore>> {
            Box::pin(async { Ok(Arc::new(sqlite(self.0.path()).await) as Arc<dyn KeyStore>) })
        }
    }

    key_store_suite!(File(tempfile::tempdir().expect("directory")));
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
