//! What every key store must do. A store's tests name a [`Harness`] and [`crate::key_store_suite!`] makes a test of each
//! function here.
//!
//! The functions panic when the store is wrong, as tests do.
#![allow(clippy::missing_panics_doc, reason = "these are tests, only kept where other crates can reach them")]

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{KeyStore, Lookup, StoreFuture};

/// One store under test, empty at first. Dropping the harness removes it.
pub trait Harness: Send + Sync {
    /// Opens the store; called again, one more handle of the same store, as another process would have.
    fn open(&self) -> StoreFuture<'_, Arc<dyn KeyStore>>;
}

/// Makes a test of every function of the suite. The expression makes a new harness.
#[macro_export]
macro_rules! key_store_suite {
    ($harness:expr) => {
        $crate::key_store_suite! { @tests $harness;
            the_first_key_stays
            owners_that_look_alike_are_different
            a_destroyed_key_never_comes_back
            a_key_is_replaced_only_by_who_knows_it
            of_64_racing_tasks_one_wins_for_all
            of_racing_destructions_and_replacements_destruction_wins
            two_handles_of_one_store_agree
            keys_and_tombstones_survive_a_reopen
        }
    };
    (@tests $harness:expr; $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::key_store::conformance::$test(&$harness).await;
            }
        )*
    };
}

async fn open(harness: &impl Harness) -> Arc<dyn KeyStore> {
    harness.open().await.expect("opened")
}

async fn get(store: &dyn KeyStore, owner: &str) -> Lookup {
    store.get(owner).await.expect("answer")
}

async fn put(store: &dyn KeyStore, owner: &str, wrapped: &[u8]) -> Lookup {
    store.put_if_absent(owner, wrapped.to_vec()).await.expect("answer")
}

async fn replace(store: &dyn KeyStore, owner: &str, old: &[u8], new: &[u8]) -> bool {
    store.replace(owner, old, new.to_vec()).await.expect("answer")
}

async fn destroy(store: &dyn KeyStore, owner: &str) -> bool {
    store.destroy(owner).await.expect("answer")
}

/// [`KeyStore::put_if_absent`] stores the first and answers it for ever.
pub async fn the_first_key_stays(harness: &impl Harness) {
    let store = &*open(harness).await;
    assert_eq!(get(store, "a").await, Lookup::Absent);
    assert_eq!(put(store, "a", &[1]).await, Lookup::Present(vec![1]));
    assert_eq!(put(store, "a", &[2]).await, Lookup::Present(vec![1]));
    assert_eq!(get(store, "a").await, Lookup::Present(vec![1]));
    assert_eq!(get(store, "b").await, Lookup::Absent);
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    assert_eq!(put(store, "bytes", &every_byte).await, Lookup::Present(every_byte.clone()));
    assert_eq!(get(store, "bytes").await, Lookup::Present(every_byte));
}

/// No owner is another one's, or a pattern, or a piece of a statement.
pub async fn owners_that_look_alike_are_different(harness: &impl Harness) {
    let store = &*open(harness).await;
    let owners = [
        "",
        "a",
        "A",
        "a/b",
        "a.b",
        "a//b",
        "/a",
        "a/",
        "*",
        ">",
        "a/*",
        "=",
        "=61",
        "a'; DROP TABLE data_keys; --",
        "ä\u{2028}",
        "a\0b",
        "a b",
        "a\r\nb",
    ];
    for (n, owner) in (1..).zip(owners) {
        assert_eq!(get(store, owner).await, Lookup::Absent, "{owner:?}");
        assert_eq!(put(store, owner, &[n]).await, Lookup::Present(vec![n]), "{owner:?}");
    }
    let mut held = HashSet::new();
    for owner in owners {
        let Lookup::Present(wrapped) = get(store, owner).await else { panic!("{owner:?} is there") };
        assert!(held.insert(wrapped), "{owner:?} has a key of its own");
    }
}

/// Destroyed is destroyed, also where nothing was.
pub async fn a_destroyed_key_never_comes_back(harness: &impl Harness) {
    let store = &*open(harness).await;
    put(store, "a", &[1]).await;
    assert!(destroy(store, "a").await);
    assert!(!destroy(store, "a").await, "the second time there was none");
    assert_eq!(get(store, "a").await, Lookup::Destroyed);
    assert_eq!(put(store, "a", &[2]).await, Lookup::Destroyed);
    assert!(!replace(store, "a", &[1], &[2]).await);
    assert!(!replace(store, "a", &[], &[2]).await, "a tombstone is no key");
    assert_eq!(get(store, "a").await, Lookup::Destroyed);

    assert!(!destroy(store, "never").await);
    assert_eq!(put(store, "never", &[2]).await, Lookup::Destroyed);
}

/// [`KeyStore::replace`] compares first.
pub async fn a_key_is_replaced_only_by_who_knows_it(harness: &impl Harness) {
    let store = &*open(harness).await;
    assert!(!replace(store, "a", &[1], &[2]).await);
    assert_eq!(get(store, "a").await, Lookup::Absent);
    put(store, "a", &[1]).await;
    assert!(!replace(store, "a", &[9], &[2]).await);
    assert!(replace(store, "a", &[1], &[2]).await);
    assert!(!replace(store, "a", &[1], &[3]).await);
    assert_eq!(get(store, "a").await, Lookup::Present(vec![2]));
}

/// Whoever makes the first key, all get the same one.
pub async fn of_64_racing_tasks_one_wins_for_all(harness: &impl Harness) {
    let store = open(harness).await;
    let mut tasks = JoinSet::new();
    for n in 0..64_u8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { put(&*store, "a", &[n; 65]).await });
    }
    let answers = tasks.join_all().await;
    let held = get(&*store, "a").await;
    assert!(matches!(held, Lookup::Present(_)));
    assert_eq!(answers.len(), 64);
    assert!(answers.iter().all(|answer| *answer == held));
}

/// A key that is renewed while it is destroyed does not survive.
pub async fn of_racing_destructions_and_replacements_destruction_wins(harness: &impl Harness) {
    let stores = [open(harness).await, open(harness).await];
    for n in 0..8 {
        let owner = format!("a{n}");
        put(&*stores[0], &owner, &[1]).await;
        let (_, existed) = tokio::join!(replace(&*stores[0], &owner, &[1], &[2]), destroy(&*stores[1], &owner));
        assert!(existed);
        assert_eq!(get(&*stores[0], &owner).await, Lookup::Destroyed);
    }
}

/// What one process stores or destroys, the others see.
pub async fn two_handles_of_one_store_agree(harness: &impl Harness) {
    let stores = [open(harness).await, open(harness).await];
    let mut tasks = JoinSet::new();
    for n in 0..64_u8 {
        let store = Arc::clone(&stores[usize::from(n % 2)]);
        tasks.spawn(async move { put(&*store, &format!("a{}", n / 2 % 8), &[n; 65]).await });
    }
    tasks.join_all().await;
    for owner in 0..8 {
        let owner = format!("a{owner}");
        assert_eq!(get(&*stores[0], &owner).await, get(&*stores[1], &owner).await);
    }
    assert!(destroy(&*stores[0], "a1").await);
    assert_eq!(get(&*stores[1], "a1").await, Lookup::Destroyed);
}

/// A process that comes later finds what was answered.
pub async fn keys_and_tombstones_survive_a_reopen(harness: &impl Harness) {
    let store = open(harness).await;
    put(&*store, "kept", &[1]).await;
    put(&*store, "gone", &[2]).await;
    destroy(&*store, "gone").await;
    drop(store);
    let store = open(harness).await;
    assert_eq!(get(&*store, "kept").await, Lookup::Present(vec![1]));
    assert_eq!(get(&*store, "gone").await, Lookup::Destroyed);
    assert_eq!(put(&*store, "gone", &[3]).await, Lookup::Destroyed);
}
