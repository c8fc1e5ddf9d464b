//! A retry with the same key gets the first answer and changes nothing.

use twofold_domain::Method;
use twofold_engine::{Ask, EngineError, Idempotency, Reply};

use crate::support::*;

fn with_key(key: &str, body: &str) -> Idempotency {
    Idempotency { key: key.into(), route: "POST /v1/users/mia/verify".into(), body: body.into() }
}

#[tokio::test]
async fn the_same_key_and_body_get_the_first_answer() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&node, &caller, "mia").await;
    world.clock.advance_secs(30);
    let ask = verify(code(&secret, node.clock().now()).expose());
    let first = run_with(&node, &caller, "mia", &ask, Some(&with_key("k1", "a"))).await.expect("judged");
    let Reply::Fresh(first) = first else { panic!("a replay of nothing") };
    assert_eq!(first.outcome, "verified");
    let before = events(&node, &caller, "mia").await.len();
    for node in [&node, &world.node().await] {
        let again = run_with(node, &caller, "mia", &ask, Some(&with_key("k1", "a"))).await.expect("replayed");
        let Reply::Replayed { status, body, .. } = again else { panic!("judged twice") };
        assert_eq!((status, body["outcome"].as_str()), (200, Some("verified")));
    }
    assert_eq!(events(&node, &caller, "mia").await.len(), before);
    let reused = run_with(&node, &caller, "mia", &ask, Some(&with_key("k1", "b"))).await;
    assert!(matches!(reused, Err(EngineError::IdempotencyKeyReused)));
}

#[tokio::test]
async fn recovery_codes_are_not_kept_for_a_retry() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    enrolled(&node, &caller, "mia").await;
    let ask = Ask::RegenerateRecoveryCodes(confirmed());
    let first = run_with(&node, &caller, "mia", &ask, Some(&with_key("k1", ""))).await.expect("made");
    assert!(matches!(first, Reply::Fresh(seen) if seen.recovery.len() == 10));
    let again = run_with(&node, &caller, "mia", &ask, Some(&with_key("k1", ""))).await.expect("replayed");
    assert!(matches!(again, Reply::Replayed { body, .. } if body["recovery"] == serde_json::json!([])));
}

#[tokio::test]
async fn a_refusal_is_decided_again() {
    let world = World::new();
    let node = world.node().await;
    let caller = tenant(&node, "t", serde_json::json!({})).await;
    enrolled(&node, &caller, "mia").await;
    let again = Ask::StartEnrolment { method: Method::Totp, destination: None, reauth: confirmed() };
    for _ in 0..2 {
        assert!(matches!(
            run_with(&node, &caller, "mia", &again, Some(&with_key("k2", ""))).await,
            Err(EngineError::Refused(_))
        ));
    }
}
