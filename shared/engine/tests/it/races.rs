//! Invariants 2 and 3 under concurrency, in one process and over several.

use std::sync::Arc;

use twofold_domain::user::{Target, UserEvent};
use twofold_domain::{FactorKind, Method};
use twofold_engine::{Ask, Engine, EngineError};

use crate::support::*;

async fn submit_all(
    nodes: &[Arc<Engine>],
    caller: &twofold_engine::Caller,
    user: &str,
    ask: &Ask,
    count: usize,
) -> (usize, usize) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..count {
        let (engine, caller, user, ask) =
            (Arc::clone(&nodes[n % nodes.len()]), caller.clone(), user.to_owned(), ask.clone());
        tasks.spawn(async move { run(&engine, &caller, &user, &ask).await });
    }
    let (mut right, mut errors) = (0, 0);
    while let Some(result) = tasks.join_next().await {
        match result.expect("no panic") {
            Ok(seen) if seen.outcome == "verified" => right += 1,
            Ok(_) => {}
            Err(EngineError::Refused(_) | EngineError::Conflict) => errors += 1,
            Err(other) => panic!("{other}"),
        }
    }
    (right, errors)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn invariant_2_64_parallel_submissions_over_three_nodes_succeed_once() {
    let world = World::new();
    let nodes = [world.node().await, world.node().await, world.node().await];
    let caller =
        tenant(&nodes[0], "t", serde_json::json!({"methods": {"allowed": ["totp", "email"], "max_active": 2}})).await;
    for round in 0..20 {
        let user = format!("user{round}");
        let (secret, recovery) = enrolled(&nodes[0], &caller, &user).await;
        world.clock.advance_secs(30);
        let totp = code(&secret, nodes[0].clock().now());
        assert_eq!(submit_all(&nodes, &caller, &user, &verify(totp.expose()), 64).await.0, 1, "TOTP");
        // The five counted replays locked the authenticator; a recovery code is another factor and still works (C25).
        assert_eq!(submit_all(&nodes, &caller, &user, &verify(&recovery[0]), 64).await.0, 1, "recovery code");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn invariant_2_a_sent_code_succeeds_once_over_three_nodes() {
    let world = World::new();
    let nodes = [world.node().await, world.node().await, world.node().await];
    let caller =
        tenant(&nodes[0], "t", serde_json::json!({"methods": {"allowed": ["totp", "email"], "max_active": 2}})).await;
    enrolled(&nodes[0], &caller, "mia").await;
    let start = Ask::StartEnrolment { method: Method::Email, destination: None, reauth: confirmed() };
    let id = run(&nodes[0], &caller, "mia", &start).await.expect("started").enrolment.expect("pending").parse_id();
    let sent = sent_code(&nodes[0], &caller, "mia", None).await;
    assert_eq!(submit_all(&nodes, &caller, "mia", &Ask::ConfirmEnrolment(id, typed(&sent)), 64).await.0, 1);
    for _ in 0..20 {
        let id = challenge(&nodes[1], &caller, "mia", Method::Email).await;
        let sent = sent_code(&nodes[0], &caller, "mia", Some(&id)).await;
        let ask = Ask::Verify { target: Target::Challenge(id), kind: None, code: typed(&sent) };
        assert_eq!(submit_all(&nodes, &caller, "mia", &ask, 64).await.0, 1);
        world.clock.advance_secs(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn invariant_3_a_burst_of_200_guesses_over_three_nodes_evaluates_five() {
    let world = World::new();
    let nodes = [world.node().await, world.node().await, world.node().await];
    let caller = tenant(&nodes[0], "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&nodes[0], &caller, "mia").await;
    world.clock.advance_secs(300);
    let right = code(&secret, nodes[0].clock().now()).expose().to_owned();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    submit_all(&nodes, &caller, "mia", &verify(wrong), 200).await;
    let events = events(&nodes[0], &caller, "mia").await;
    let counted = events.iter().filter(|e| matches!(e, UserEvent::VerificationFailed { counted: true, .. })).count();
    assert_eq!(counted, 5);
    assert!(events.iter().any(|e| matches!(e, UserEvent::FactorLocked { kind: FactorKind::Totp, .. })));
    // Locked: even the right code is not looked at, and nothing is appended.
    let refused = run(&nodes[1], &caller, "mia", &verify(&right)).await;
    assert!(matches!(refused, Err(EngineError::Refused(twofold_domain::user::Refusal::Locked { .. }))), "{refused:?}");
    assert_eq!(crate::support::events(&nodes[2], &caller, "mia").await.len(), events.len());
}

#[tokio::test]
async fn invariant_2_the_enrolment_step_cannot_log_in_and_a_clock_step_back_reopens_nothing() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    let at_enrolment = code(&secret, START);
    assert_eq!(
        run(&node, &caller, "mia", &verify(at_enrolment.expose())).await.expect("judged").outcome,
        "already_used"
    );
    world.clock.advance_secs(30);
    let next = code(&secret, node.clock().now());
    assert_eq!(run(&node, &caller, "mia", &verify(next.expose())).await.expect("judged").outcome, "verified");
    world.clock.set(START);
    let other_node = world.node().await;
    for code in [at_enrolment.expose(), next.expose()] {
        assert_eq!(run(&other_node, &caller, "mia", &verify(code)).await.expect("judged").outcome, "already_used");
    }
}
