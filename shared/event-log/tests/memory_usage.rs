//! Usage in memory passes the suite, forgets what is long over, and its faults are what they say.

use std::sync::Arc;

use twofold_event_log::conformance::usage::Store;
use twofold_event_log::{Counter, MemoryUsage, UsageError, UsageStore as _, Window};

twofold_event_log::usage_suite!(async { Arc::new(MemoryUsage::new()) as Store });

fn hour(n: u64) -> [Counter; 1] {
    [Counter::new("some.name", Window::Hour(n)).expect("a counter")]
}

#[tokio::test]
async fn an_unavailable_store_neither_counts_nor_tells() {
    let store = MemoryUsage::new();
    store.set_unavailable(true);
    assert!(matches!(store.add(&hour(1), 1).await, Err(UsageError::Unavailable(_))));
    assert!(matches!(store.read(&hour(1)).await, Err(UsageError::Unavailable(_))));
    store.set_unavailable(false);
    assert_eq!(store.add(&hour(1), 1).await, Ok(vec![1]));
    assert_eq!(store.clone().read(&hour(1)).await, Ok(vec![1]));
}

#[tokio::test]
async fn totals_of_long_ago_make_room() {
    let store = MemoryUsage::new();
    for n in 500_000..510_000 {
        store.add(&hour(n), 1).await.expect("counted");
    }
    assert!(store.len() < 2500, "{} totals are left", store.len());
    assert_eq!(store.read(&hour(509_980)).await, Ok(vec![1]), "less than a day old");
}
