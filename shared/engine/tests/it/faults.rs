//! Invariants 1 and 6: nothing is answered before it is durable, and a fault is never an answer.

use std::sync::Arc;

use twofold_engine::{EngineError, Reply};
use twofold_event_log::{Fault, Seq};

use crate::support::*;

#[tokio::test]
async fn invariant_6_an_unavailable_log_is_neither_allowed_nor_wrong() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    world.clock.advance_secs(30);
    let code = code(&secret, node.clock().now());
    world.log.fail_next_append(Fault::Unavailable);
    let answer = run(&node, &caller, "mia", &verify(code.expose())).await;
    assert!(matches!(answer, Err(EngineError::Unavailable(_))), "{answer:?}");
    assert_eq!(
        run(&node, &caller, "mia", &verify(code.expose())).await.expect("judged").outcome,
        "verified",
        "nothing was spent"
    );
}

#[tokio::test]
async fn invariant_1_a_lost_acknowledgement_spends_the_code_once() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    world.clock.advance_secs(30);
    let code = code(&secret, node.clock().now());
    world.log.fail_next_append(Fault::AckLost);
    assert!(matches!(run(&node, &caller, "mia", &verify(code.expose())).await, Err(EngineError::Unavailable(_))));
    assert_eq!(run(&node, &caller, "mia", &verify(code.expose())).await.expect("judged").outcome, "already_used");
}

#[tokio::test]
async fn invariant_8_another_node_continues_where_the_first_one_died() {
    let world = World::new();
    let first = world.node().await;
    let caller = tenant(&first, "t", serde_json::json!({})).await;
    let (secret, recovery) = enrolled(&first, &caller, "mia").await;
    world.clock.advance_secs(30);
    let spent = code(&secret, first.clock().now());
    run(&first, &caller, "mia", &verify(spent.expose())).await.expect("judged");
    run(&first, &caller, "mia", &verify(&recovery[3])).await.expect("judged");
    drop(first);
    let second = world.node().await;
    assert_eq!(run(&second, &caller, "mia", &verify(spent.expose())).await.expect("judged").outcome, "already_used");
    assert_eq!(run(&second, &caller, "mia", &verify(&recovery[3])).await.expect("judged").outcome, "wrong_code");
    assert_eq!(run(&second, &caller, "mia", &verify(&recovery[4])).await.expect("judged").outcome, "verified");
}

#[tokio::test]
async fn every_commit_of_a_subject_continues_its_chain() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    enrolled(&node, &caller, "mia").await;
    let subject = whom(&node, &caller, "mia").subject;
    let commits = node.log().read_subject(&subject, Seq::ZERO, 100).await.expect("readable");
    let check = |commits: &[twofold_event_log::Stored]| {
        commits
            .iter()
            .try_fold(twofold_engine::Chain::start(), |chain, commit| chain.check(node.keyring(), commit))
            .is_ok()
    };
    assert!(check(&commits));
    let mut changed = commits.clone();
    let mut payload = changed[1].payload.to_vec();
    let digit = payload.iter().position(u8::is_ascii_digit).expect("a digit");
    payload[digit] = if payload[digit] == b'1' { b'2' } else { b'1' };
    changed[1].payload = payload.into();
    assert!(!check(&changed), "changed");
    let mut swapped = commits.clone();
    swapped.swap(1, 2);
    assert!(!check(&swapped), "reordered");
    let mut missing = commits.clone();
    missing.remove(1);
    assert!(!check(&missing), "taken out");
}

#[tokio::test]
async fn a_panicking_caller_or_dropped_request_leaves_the_next_one_working() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    world.clock.advance_secs(30);
    let code = code(&secret, node.clock().now());
    for _ in 0..20 {
        let (engine, caller, ask) = (Arc::clone(&node), caller.clone(), verify("000001"));
        let task = tokio::spawn(async move { run_with(&engine, &caller, "mia", &ask, None).await });
        tokio::task::yield_now().await;
        task.abort();
        let _ = task.await;
        world.clock.advance_secs(0);
    }
    let _: Result<Reply<Seen>, EngineError> = run_with(&node, &caller, "mia", &verify(code.expose()), None).await;
}
