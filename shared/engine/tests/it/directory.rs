//! The directory follows the log: within a second, through late wake-ups and outages, and it says how fresh it is.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use twofold_domain::Mode;
use twofold_engine::{CreatedKey, Engine, RequestContext};
use twofold_event_log::EventLog;

use crate::support::*;
use crate::watched_log::WatchedLog;

fn known(engine: &Engine, key: &CreatedKey) -> bool {
    engine.directory().authenticate(engine.keyring(), key.key.expose()).is_some()
}

/// A key that both nodes know, on the log as the second one has it.
async fn two_nodes(
    world: &World,
    log: Arc<WatchedLog>,
) -> (Arc<Engine>, Arc<Engine>, twofold_engine::Caller, CreatedKey) {
    let (first, second) = (world.node().await, world.node_on(log).await);
    let caller = tenant(&first, "t", serde_json::json!({})).await;
    let made = key(&first, &caller, Mode::Live).await;
    until("the key", || known(&second, &made)).await;
    (first, second, caller, made)
}

/// The clock of these tests stands still while anybody works and jumps when all wait, so this is exact.
#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_dead_within_a_second_however_late_the_log_wakes_the_node() {
    for late in [None, Some(250)] {
        let world = World::new();
        let log = late
            .map_or_else(|| WatchedLog::new(&world.log), |ms| WatchedLog::late(&world.log, Duration::from_millis(ms)));
        let (first, second, caller, made) = two_nodes(&world, log).await;
        let revoked = Instant::now();
        first.revoke_key(&caller.tenant.id, &made.record.id, &RequestContext::system()).await.expect("revoked");
        until("the revocation", || !known(&second, &made)).await;
        assert!(revoked.elapsed() < Duration::from_secs(1), "{:?}, late: {late:?}", revoked.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_the_node_catches_up_without_being_told() {
    let world = World::new();
    let log = WatchedLog::late(&world.log, Duration::from_millis(1));
    let (first, second, caller, made) = two_nodes(&world, log.clone()).await;
    let status = second.directory_status();
    assert!(!status.borrow().failing);
    log.set_away(true);
    first.revoke_key(&caller.tenant.id, &made.record.id, &RequestContext::system()).await.expect("revoked");
    until("the failure", || status.borrow().failing).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(known(&second, &made), "it cannot know");
    assert!(status.borrow().age() > Some(Duration::from_secs(2)));
    // The head has moved for the last time.
    log.set_away(false);
    let back = Instant::now();
    until("the revocation", || !known(&second, &made)).await;
    assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
    until("the all-clear", || !status.borrow().failing).await;
}

#[tokio::test(start_paused = true)]
async fn the_directory_of_a_hanging_log_fails_after_5_s_and_is_stale_after_10() {
    let world = World::new();
    let log = WatchedLog::new(&world.log);
    let node = world.node_on(log.clone()).await;
    let status = node.directory_status();
    log.set_hanging(true);
    tokio::time::sleep(Duration::from_millis(5600)).await;
    assert!(status.borrow().failing && !status.borrow().is_stale());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(status.borrow().is_stale(), "{:?}", status.borrow().age());
    log.set_hanging(false);
    until("the next look", || !status.borrow().is_stale() && !status.borrow().failing).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_log_keeps_the_directory_fresh() {
    let world = World::new();
    let node = world.node_on(WatchedLog::new(&world.log)).await;
    tenant(&node, "t", serde_json::json!({})).await;
    let status = node.directory_status();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(status.borrow().age() < Some(Duration::from_secs(1)), "{:?}", status.borrow().age());
    }
    assert_eq!(status.borrow().reached, world.log.head().await.expect("readable"));
}

#[tokio::test]
async fn a_directory_that_was_never_read_is_stale() {
    let world = World::new();
    let node = world.silent_node(world.log.clone(), Arc::new(world.snapshots.clone()));
    let status = *node.directory_status().borrow();
    assert!(status.is_stale() && status.age().is_none());
}
