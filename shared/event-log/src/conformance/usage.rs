//! What every store of usage must do.

use std::collections::BTreeSet;
use std::sync::Arc;

use twofold_domain::Timestamp;

use super::Sample;
use crate::{Counter, MAX_COUNTERS, UsageError, UsageStore, Window};

const AT: Timestamp = Timestamp(1_795_290_000_000);
const ADDERS: u64 = 16;
const ROUNDS: u64 = 25;

/// Makes a test of every function of this module. The expression makes a future of a new, empty store in an `Arc`.
#[macro_export]
macro_rules! usage_suite {
    ($store:expr) => {
        $crate::usage_suite! { @tests $store;
            what_was_never_counted_is_zero
            every_count_answers_the_total_after_it
            counters_and_windows_do_not_share_a_total
            a_window_that_is_over_is_forgotten_and_the_next_begins_at_zero
            sixteen_adders_at_once_lose_nothing_and_share_no_total
            a_counter_named_twice_is_counted_twice
            no_counters_are_no_trouble_and_too_many_are_refused
        }
    };
    (@tests $store:expr; $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::conformance::usage::$test($store.await).await;
            }
        )*
    };
}

/// A store under test.
pub type Store = Arc<dyn UsageStore>;

/// A name nobody else uses.
fn name() -> String {
    Sample::user().last_token().to_owned()
}

fn counter(name: &str, window: Window) -> Counter {
    Counter::new(format!("test.{name}"), window).expect("a counter")
}

/// As it says.
pub async fn what_was_never_counted_is_zero(store: Store) {
    let (first, second) = (counter(&name(), Window::hour(AT)), counter(&name(), Window::day(AT)));
    assert_eq!(store.read(&[first, second]).await, Ok(vec![0, 0]));
}

/// As it says, and reading changes nothing.
pub async fn every_count_answers_the_total_after_it(store: Store) {
    let one = [counter(&name(), Window::hour(AT))];
    assert_eq!(store.add(&one, 1).await, Ok(vec![1]));
    assert_eq!(store.add(&one, 5).await, Ok(vec![6]));
    assert_eq!(store.read(&one).await, Ok(vec![6]));
    assert_eq!(store.read(&one).await, Ok(vec![6]));
    assert_eq!(store.add(&one, u32::MAX).await, Ok(vec![6 + u64::from(u32::MAX)]));
}

/// As it says: a name that another begins with, and every length of window.
pub async fn counters_and_windows_do_not_share_a_total(store: Store) {
    let base = name();
    let longer = format!("{base}.more");
    let windows = [Window::minute5(AT), Window::hour(AT), Window::day(AT), Window::month(AT)];
    let all: Vec<Counter> =
        [&base, &longer].into_iter().flat_map(|name| windows.map(|window| counter(name, window))).collect();
    for (n, one) in (1..).zip(&all) {
        assert_eq!(store.add(std::slice::from_ref(one), n).await, Ok(vec![u64::from(n)]));
    }
    assert_eq!(store.read(&all).await, Ok((1..=8).collect()));
}

/// As it says.
pub async fn a_window_that_is_over_is_forgotten_and_the_next_begins_at_zero(store: Store) {
    let name = name();
    let hour = |n: u64| counter(&name, Window::hour(AT.plus_secs(n * 3600)));
    assert_eq!(store.add(&[hour(0)], 3).await, Ok(vec![3]));
    assert_eq!(store.read(&[hour(1)]).await, Ok(vec![0]));
    assert_eq!(store.add(&[hour(1)], 1).await, Ok(vec![1]));
    assert_eq!(store.read(&[hour(0), hour(1)]).await, Ok(vec![3, 1]));
}

/// As it says.
pub async fn sixteen_adders_at_once_lose_nothing_and_share_no_total(store: Store) {
    let name = name();
    let both = [counter(&name, Window::hour(AT)), counter(&name, Window::day(AT))];
    let adders: Vec<_> = (0..ADDERS)
        .map(|_| {
            let (store, both) = (Arc::clone(&store), both.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..ROUNDS {
                    seen.push(store.add(&both, 1).await.expect("counted"));
                }
                seen
            })
        })
        .collect();
    let mut totals = [BTreeSet::new(), BTreeSet::new()];
    for adder in adders {
        for seen in adder.await.expect("ends well") {
            assert_eq!(seen.len(), 2);
            for (known, total) in totals.iter_mut().zip(seen) {
                assert!(known.insert(total), "{total} was answered twice");
            }
        }
    }
    assert_eq!(totals, [(); 2].map(|()| (1..=ADDERS * ROUNDS).collect()));
    assert_eq!(store.read(&both).await, Ok(vec![ADDERS * ROUNDS; 2]));
}

/// As it says.
pub async fn a_counter_named_twice_is_counted_twice(store: Store) {
    let twice = [(); 2].map(|()| counter("twice", Window::hour(AT)));
    let mut totals = store.add(&twice, 1).await.expect("counted");
    totals.sort_unstable();
    assert_eq!(totals, [1, 2]);
}

/// As it says.
pub async fn no_counters_are_no_trouble_and_too_many_are_refused(store: Store) {
    assert_eq!(store.add(&[], 1).await, Ok(vec![]));
    assert_eq!(store.read(&[]).await, Ok(vec![]));
    let name = name();
    let most: Vec<Counter> = (0..MAX_COUNTERS as u64).map(|n| counter(&name, Window::Hour(n))).collect();
    assert_eq!(store.add(&most, 1).await, Ok(vec![1; MAX_COUNTERS]));
    let more = [&most[..], &most[..1]].concat();
    assert_eq!(store.add(&more, 1).await, Err(UsageError::Invalid(MAX_COUNTERS + 1)));
    assert_eq!(store.read(&more).await, Err(UsageError::Invalid(MAX_COUNTERS + 1)));
    assert_eq!(store.read(&most).await, Ok(vec![1; MAX_COUNTERS]));
}
