//! Snapshots in memory pass the suite, and their faults are what they say.

use twofold_event_log::conformance::Sample;
use twofold_event_log::{MemorySnapshots, Seq, Snapshot, SnapshotStore as _};

twofold_event_log::snapshot_suite!(async { MemorySnapshots::new() });

#[tokio::test]
async fn an_unavailable_store_neither_gives_nor_keeps() {
    let (store, subject) = (MemorySnapshots::new(), Sample::user());
    let snapshot = Snapshot { seq: Seq(1), state: vec![1].into() };
    store.set_unavailable(true);
    assert!(store.put(&subject, snapshot.clone()).await.is_err());
    assert!(store.get(&subject).await.is_err());
    assert_eq!(store.kept(&subject), None);
    store.set_unavailable(false);
    store.put(&subject, snapshot.clone()).await.expect("kept");
    assert_eq!(store.clone().get(&subject).await, Ok(Some(snapshot)));
}
