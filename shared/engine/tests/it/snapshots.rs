//! A cold load costs the same whatever the user's history, and gives what folding all of it gives.

use std::sync::Arc;

use twofold_domain::CommitId;
use twofold_domain::user::{FailureReason, Patch, Purpose, Target, UserEvent};
use twofold_domain::{FactorKind, Mode};
use twofold_engine::{Ask, Caller, Engine, Loaded, ProfileInput, RequestContext, fold_subject};
use twofold_event_log::wire::{self, Meta};
use twofold_event_log::{
    Append, EventLog, Expected, NewCommit, Seq, SqliteLog, SqliteLogOptions, SqliteSnapshots, Subject,
};

use crate::support::*;
use crate::watched_log::WatchedLog;

/// Commits that a cold load begins with: whoever has no more needs no snapshot.
pub const YOUNG: usize = 12;
/// What a cold load may read: those, the one of the snapshot, and the commits between two snapshots.
const BOUND: usize = YOUNG + 1 + 64;

/// A change that costs one commit and can be repeated for ever.
pub async fn touch(engine: &Engine, caller: &Caller, user: &str, turn: usize) {
    let system = Caller { context: RequestContext::system(), ..caller.clone() };
    let locale = Patch::Set(if turn.is_multiple_of(2) { "de" } else { "en" }.to_owned());
    let ask = Ask::PutProfile(Box::new(ProfileInput { locale, ..ProfileInput::default() }));
    run(engine, &system, user, &ask).await.expect("changed");
}

/// The state as the whole history gives it.
pub async fn folded(engine: &Engine, subject: &Subject) -> Loaded {
    fold_subject(&**engine.log(), engine.keyring(), subject, None, None).await.expect("readable")
}

pub fn assert_same(seen: &Loaded, folded: &Loaded) {
    assert_eq!((&seen.user, seen.head, seen.chain), (&folded.user, folded.head, folded.chain));
}

/// Appends commits past the engine, as many years of use would leave them.
async fn grow(engine: &Engine, subject: &Subject, commits: usize) {
    let mut standing = engine.current(subject).await.expect("there");
    for n in 0..commits {
        let event = if n % 5 == 4 {
            UserEvent::FactorUnlocked { kind: None }
        } else {
            UserEvent::VerificationFailed {
                purpose: Purpose::Login,
                target: Target::Direct,
                kind: FactorKind::Totp,
                reason: FailureReason::WrongCode,
                counted: true,
                drift_steps: None,
            }
        };
        let meta = Meta {
            at: START,
            actor: twofold_domain::actor::ActorKind::User,
            actor_token: None,
            request_id: None,
            private: None,
        };
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let id = CommitId::from_bytes(id);
        let body = wire::encode_user(&meta, &[event]);
        let (payload, chain) = standing.chain.seal(engine.keyring(), subject, &id, body);
        let expected = standing.head.map(Expected::Exact);
        let commit = NewCommit { subject: subject.clone(), expected, id, payload };
        let appended = engine.log().append(Append::one(commit)).await.expect("appended");
        (standing.head, standing.chain) = (Some(appended.seqs[0]), chain);
    }
}

#[tokio::test]
async fn a_cold_load_reads_no_more_after_100_000_commits_than_after_ten() {
    for commits in [10, 1000, 100_000] {
        let world = World::new();
        let first = world.node().await;
        let caller = tenant(&first, "t", serde_json::json!({})).await;
        touch(&first, &caller, "mia", 0).await;
        let subject = whom(&first, &caller, "mia").subject;
        grow(&first, &subject, commits).await;
        // Nobody ever took a snapshot of all this: the first load pays once, for everybody.
        let mut truth = world.node().await.current(&subject).await.expect("there");
        until("a snapshot", || world.snapshots.kept(&subject).is_some()).await;
        for more in [0, 20] {
            let is_young = 1 + commits + more <= YOUNG;
            if more > 0 {
                grow(&first, &subject, more).await;
                truth = folded(&first, &subject).await;
            }
            let log = WatchedLog::new(&world.log);
            let node = world.node_on(log.clone()).await;
            log.take_commits_read();
            let seen = node.current(&subject).await.expect("there");
            let read = log.take_commits_read();
            assert!(read <= BOUND, "{read} commits read after {commits}");
            assert_eq!(node.snapshot_counts().read, u64::from(!is_young));
            assert_same(&seen, &truth);
        }
    }
}

#[tokio::test]
async fn a_busy_user_has_a_snapshot_at_every_moment_a_node_could_die() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let subject = whom(&node, &caller, "mia").subject;
    let mut kept = 0;
    for turn in 0..300 {
        touch(&node, &caller, "mia", turn).await;
        if turn % 64 == 63 {
            kept += 1;
            until("a snapshot", || node.snapshot_counts().written == kept).await;
        }
        let log = WatchedLog::new(&world.log);
        let survivor = world.silent_node(log.clone(), Arc::new(world.snapshots.clone()));
        let seen = survivor.current(&subject).await.expect("there");
        let read = log.take_commits_read();
        assert!(read <= BOUND, "{read} commits read after {turn}");
        assert_same(&seen, &node.current(&subject).await.expect("there"));
    }
    assert_same(&node.current(&subject).await.expect("there"), &folded(&node, &subject).await);
    assert_eq!(node.snapshot_counts().written, kept, "and no more of them than that");
}

#[tokio::test]
async fn another_nodes_commits_are_folded_onto_what_is_in_memory() {
    let world = World::new();
    let log = WatchedLog::new(&world.log);
    let (first, second) = (world.node().await, world.node_on(log.clone()).await);
    let caller = tenant(&first, "t", serde_json::json!({})).await;
    let subject = whom(&first, &caller, "mia").subject;
    for turn in 0..20 {
        touch(&first, &caller, "mia", turn).await;
    }
    second.current(&subject).await.expect("there");
    log.take_commits_read();
    second.current(&subject).await.expect("there");
    assert_eq!(log.take_commits_read(), 1, "nothing new: only the last one is looked at");
    touch(&first, &caller, "mia", 20).await;
    assert_same(&second.current(&subject).await.expect("there"), &folded(&first, &subject).await);
    assert_eq!(log.take_commits_read(), 3, "the last one, the known one and the new one");
    touch(&first, &caller, "mia", 21).await;
    log.take_commits_read();
    // This write runs into a conflict first.
    touch(&second, &caller, "mia", 22).await;
    assert_eq!(log.take_commits_read(), 3);
    assert_same(&first.current(&subject).await.expect("there"), &folded(&second, &subject).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn three_nodes_that_race_on_one_user_keep_only_true_snapshots() {
    let world = World::new();
    let nodes = [world.node().await, world.node().await, world.node().await];
    let caller = tenant(&nodes[0], "t", serde_json::json!({})).await;
    touch(&nodes[0], &caller, "mia", 0).await;
    let subject = whom(&nodes[0], &caller, "mia").subject;
    let mut tasks = tokio::task::JoinSet::new();
    for node in &nodes {
        let (node, caller) = (Arc::clone(node), caller.clone());
        tasks.spawn(async move {
            let system = Caller { context: RequestContext::system(), ..caller };
            for turn in 0..150 {
                let locale = Patch::Set(format!("l{turn}"));
                let ask = Ask::PutProfile(Box::new(ProfileInput { locale, ..ProfileInput::default() }));
                // A conflict too many is an answer as well.
                let _answer = run(&node, &system, "mia", &ask).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic");
    }
    let truth = folded(&nodes[0], &subject).await;
    for node in &nodes {
        assert_same(&node.current(&subject).await.expect("there"), &truth);
    }
    until("a snapshot", || world.snapshots.kept(&subject).is_some()).await;
    let fresh = world.node().await;
    assert_same(&fresh.current(&subject).await.expect("there"), &truth);
    assert_eq!((fresh.snapshot_counts().read, fresh.snapshot_counts().refused), (1, 0));
}

#[tokio::test]
async fn on_files_a_restart_goes_on_from_the_snapshot() {
    let folder = tempfile::tempdir().expect("a folder");
    let world = World::new();
    let (mut caller, mut heads) = (None, Vec::new());
    for start in 0..3_u64 {
        let log = SqliteLog::open(SqliteLogOptions::new(folder.path().join("log.db"))).await.expect("opened");
        let log: Arc<dyn EventLog> = Arc::new(log);
        let store = Arc::new(SqliteSnapshots::open(folder.path().join("snapshots.db")).await.expect("opened"));
        let node = world.node_with(Arc::clone(&log), store.clone()).await;
        let caller = match &caller {
            Some(known) => Caller::clone(known),
            None => caller.insert(tenant(&node, "t", serde_json::json!({})).await).clone(),
        };
        assert_eq!(caller.mode, Mode::Live);
        let subject = whom(&node, &caller, "mia").subject;
        let seen = node.current(&subject).await.expect("there");
        assert_same(&seen, &folded(&node, &subject).await);
        assert_eq!(node.snapshot_counts().read, u64::from(start > 0));
        heads.push(seen.head);
        for turn in 0..70 {
            touch(&node, &caller, "mia", turn).await;
        }
        until("a snapshot", || node.snapshot_counts().written > 0).await;
        store.close().await;
        log.close().await;
    }
    assert!(heads.is_sorted() && heads[2] > Some(Seq(140)), "{heads:?}");
}
