//! What every store of snapshots must do. Keeping one may take a moment after it was accepted.

use std::time::Duration;

use bytes::Bytes;

use super::Sample;
use crate::{Seq, Snapshot, SnapshotStore, Subject};

/// Makes a test of every function of this module. The expression makes a future of a new, empty store.
#[macro_export]
macro_rules! snapshot_suite {
    ($store:expr) => {
        $crate::snapshot_suite! { @tests $store;
            a_subject_without_a_snapshot_has_none
            the_last_snapshot_given_is_kept_whatever_its_position
            subjects_do_not_share_a_snapshot
            a_snapshot_comes_back_byte_for_byte
            many_at_once_are_all_kept
        }
    };
    (@tests $store:expr; $($test:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::conformance::snapshots::$test(&$store.await).await;
            }
        )*
    };
}

fn snapshot(seq: u64, state: &'static [u8]) -> Snapshot {
    Snapshot { seq: Seq(seq), state: Bytes::from_static(state) }
}

async fn put(store: &dyn SnapshotStore, subject: &Subject, snapshot: Snapshot) {
    store.put(subject, snapshot.clone()).await.expect("accepted");
    for _ in 0..500 {
        if store.get(subject).await.expect("readable").as_ref() == Some(&snapshot) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the snapshot at {} was not kept within five seconds", snapshot.seq);
}

/// As it says.
pub async fn a_subject_without_a_snapshot_has_none(store: &dyn SnapshotStore) {
    assert_eq!(store.get(&Sample::user()).await, Ok(None));
}

/// One of a later position may be damaged, or of a log that is no more: it must not shut out the good one.
pub async fn the_last_snapshot_given_is_kept_whatever_its_position(store: &dyn SnapshotStore) {
    let subject = Sample::user();
    for next in [snapshot(5, b"five"), snapshot(9, b"nine"), snapshot(9, b"nine again"), snapshot(2, b"two")] {
        put(store, &subject, next).await;
    }
}

/// As it says.
pub async fn subjects_do_not_share_a_snapshot(store: &dyn SnapshotStore) {
    let (first, second) = (Sample::user(), Sample::user());
    put(store, &first, snapshot(1, b"of the first")).await;
    assert_eq!(store.get(&second).await, Ok(None));
    put(store, &second, snapshot(2, b"of the second")).await;
    assert_eq!(store.get(&first).await, Ok(Some(snapshot(1, b"of the first"))));
}

/// Empty, with every byte there is, large, and at the ends of the positions.
pub async fn a_snapshot_comes_back_byte_for_byte(store: &dyn SnapshotStore) {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    for (seq, state) in [(0, Vec::new()), (1, every_byte.clone()), (u64::MAX, every_byte.repeat(400))] {
        put(store, &Sample::user(), Snapshot { seq: Seq(seq), state: state.into() }).await;
    }
}

/// As it says.
pub async fn many_at_once_are_all_kept(store: &dyn SnapshotStore) {
    let subjects: Vec<Subject> = (0..40).map(|_| Sample::user()).collect();
    futures_util::future::join_all(subjects.iter().map(|subject| put(store, subject, snapshot(7, b"seven")))).await;
}
