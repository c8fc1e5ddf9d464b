//! A snapshot that is not genuine, not of this log or not to be had changes nothing but the time of a load.

use std::sync::Arc;

use twofold_engine::{Caller, Engine, RequestContext};
use twofold_event_log::{BoxFuture, MemoryLog, Seq, Snapshot, SnapshotError, SnapshotStore, Subject};

use crate::snapshots::{YOUNG, assert_same, folded, touch};
use crate::support::*;

/// A user with a snapshot and some commits after it.
async fn used(world: &World, node: &Engine, caller: &Caller, user: &str) -> (Subject, Snapshot) {
    let subject = whom(node, caller, user).subject;
    for turn in 0..70 {
        touch(node, caller, user, turn).await;
    }
    until("a snapshot", || world.snapshots.kept(&subject).is_some()).await;
    let snapshot = world.snapshots.kept(&subject).expect("kept");
    (subject, snapshot)
}

/// A node that begins cold sees the truth, and has passed the snapshot over or not.
async fn assert_truth(world: &World, subject: &Subject, refused: bool, what: &str) {
    let fresh = world.silent_node(world.log.clone(), Arc::new(world.snapshots.clone()));
    assert_same(&fresh.current(subject).await.expect(what), &folded(&fresh, subject).await);
    assert_eq!(fresh.snapshot_counts().refused > 0, refused, "{what}: {:?}", fresh.snapshot_counts());
}

#[tokio::test]
async fn a_tampered_snapshot_is_never_believed() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (mia, of_mia) = used(&world, &node, &caller, "mia").await;
    let (_, of_bob) = used(&world, &node, &caller, "bob").await;
    assert_truth(&world, &mia, false, "genuine").await;
    for position in (0..of_mia.state.len()).step_by(7) {
        let mut state = of_mia.state.to_vec();
        state[position] ^= 0x20;
        world.snapshots.plant(&mia, Snapshot { seq: of_mia.seq, state: state.into() });
        assert_truth(&world, &mia, true, &format!("byte {position} flipped")).await;
    }
    world.snapshots.plant(&mia, of_bob.clone());
    assert_truth(&world, &mia, true, "another user's").await;
    for seq in [Seq(1), of_mia.seq.plus(1), Seq(u64::MAX)] {
        world.snapshots.plant(&mia, Snapshot { seq, ..of_mia.clone() });
        assert_truth(&world, &mia, true, "at another position").await;
    }
    for state in [vec![], vec![0], vec![0; 34], b"{\"user\":1}".to_vec(), vec![0xFF; 5000]] {
        world.snapshots.plant(&mia, Snapshot { seq: of_mia.seq, state: state.into() });
        assert_truth(&world, &mia, true, "no snapshot at all").await;
    }
}

#[tokio::test]
async fn an_older_genuine_snapshot_does_no_harm() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (mia, older) = used(&world, &node, &caller, "mia").await;
    for turn in 0..200 {
        touch(&node, &caller, "mia", turn).await;
    }
    until("a newer one", || world.snapshots.kept(&mia).is_some_and(|kept| kept.seq > older.seq)).await;
    world.snapshots.plant(&mia, older);
    assert_truth(&world, &mia, false, "older").await;
}

/// The log came back from a backup, and the snapshots did not.
#[tokio::test]
async fn a_snapshot_of_a_history_that_the_log_does_not_hold_is_passed_over() {
    let mut world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (mia, newest) = used(&world, &node, &caller, "mia").await;
    let memory = node.current(&mia).await.expect("there");

    world.log = Arc::new(MemoryLog::new());
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    assert_eq!(node.current(&mia).await.expect("readable").head, None, "nothing of it is left");
    touch(&node, &caller, "mia", 1).await;
    assert_truth(&world, &mia, false, "not even asked for: all commits come with the first read").await;
    for turn in 0..YOUNG {
        touch(&node, &caller, "mia", turn).await;
    }
    world.snapshots.plant(&mia, newest.clone());
    assert_truth(&world, &mia, true, "beyond the end of the log").await;
    while node.current(&mia).await.expect("there").head < memory.head {
        touch(&node, &caller, "bob", 1).await;
        touch(&node, &caller, "mia", 0).await;
        touch(&node, &caller, "mia", 1).await;
    }
    world.snapshots.plant(&mia, newest);
    assert_truth(&world, &mia, true, "in the midst of another history").await;
    // The node itself writes on, and the next snapshot is a good one again.
    for turn in 0..70 {
        touch(&node, &caller, "mia", turn).await;
    }
    until("a good one", || world.snapshots.kept(&mia).is_some_and(|kept| Some(kept.seq) > memory.head)).await;
    assert_truth(&world, &mia, false, "good").await;
}

#[tokio::test]
async fn without_the_store_everything_works() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (mia, _) = used(&world, &node, &caller, "mia").await;
    world.snapshots.set_unavailable(true);
    for turn in 0..200 {
        touch(&node, &caller, "mia", turn).await;
    }
    let fresh = world.node().await;
    assert_same(&fresh.current(&mia).await.expect("there"), &folded(&node, &mia).await);
    assert_eq!((fresh.snapshot_counts().unavailable, fresh.snapshot_counts().read), (1, 0));
    until("an attempt to keep one", || node.snapshot_counts().failed > 0).await;
    world.snapshots.set_unavailable(false);
    for turn in 0..64 {
        touch(&node, &caller, "mia", turn).await;
    }
    until("a new one", || node.snapshot_counts().written > 1).await;
}

/// Never answers.
#[derive(Debug)]
struct Hanging;

impl SnapshotStore for Hanging {
    fn get<'a>(&'a self, _: &'a Subject) -> BoxFuture<'a, Result<Option<Snapshot>, SnapshotError>> {
        Box::pin(std::future::pending())
    }
    fn put<'a>(&'a self, _: &'a Subject, _: Snapshot) -> BoxFuture<'a, Result<(), SnapshotError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_stops_nobody() {
    let world = World::new();
    let node = world.node_with(world.log.clone(), Arc::new(Hanging)).await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let provider = Caller { context: RequestContext::system(), ..caller.clone() };
    for user in (0..300).map(|n| format!("user{n}")) {
        touch(&node, &caller, &user, 0).await;
        node.erase(&provider, &whom(&node, &caller, &user)).await.expect("erased");
    }
    for turn in 0..100 {
        touch(&node, &caller, "mia", turn).await;
    }
    let counts = node.snapshot_counts();
    assert!(counts.dropped > 0, "what waits is bounded: {counts:?}");
    let fresh = world.node_with(world.log.clone(), Arc::new(Hanging)).await;
    let mia = whom(&fresh, &caller, "mia").subject;
    let began = tokio::time::Instant::now();
    assert_same(&fresh.current(&mia).await.expect("there"), &folded(&fresh, &mia).await);
    assert!(began.elapsed() < std::time::Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_erased_users_snapshot_keeps_nothing_of_what_was_sealed() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    enrolled(&node, &caller, "mia").await;
    let (mia, before) = used(&world, &node, &caller, "mia").await;
    let sealed = node.current(&mia).await.expect("there").user.profile.expect("registered").panel_id;
    let holds = |snapshot: &Snapshot| snapshot.state.windows(sealed.as_bytes().len()).any(|w| w == sealed.as_bytes());
    assert!(holds(&before));
    let provider = Caller { context: RequestContext::system(), ..caller.clone() };
    node.erase(&provider, &whom(&node, &caller, "mia")).await.expect("erased");
    until("the overwriting", || world.snapshots.kept(&mia).is_some_and(|kept| !holds(&kept))).await;
    assert_truth(&world, &mia, false, "erased").await;

    // Had the erasing node died before: whoever loads the user next does it.
    world.snapshots.plant(&mia, before);
    world.node().await.current(&mia).await.expect("there");
    until("the overwriting", || world.snapshots.kept(&mia).is_some_and(|kept| !holds(&kept))).await;
}
