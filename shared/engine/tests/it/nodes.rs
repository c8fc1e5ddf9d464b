//! What one node did, another node knows before it answers.

use twofold_domain::user::{Purpose, Refusal};
use twofold_domain::{ChallengeId, Method};
use twofold_engine::{Ask, Caller, EngineError, RequestContext};

use crate::support::*;

#[tokio::test]
async fn after_an_erasure_no_other_node_opens_anything_of_the_user() {
    for by_writing in [false, true] {
        let world = World::new();
        let (first, second) = (world.node().await, world.node().await);
        let caller = tenant(&first, "t", serde_json::json!({})).await;
        let (secret, recovery) = enrolled(&first, &caller, "mia").await;
        let mia = whom(&first, &caller, "mia");
        world.clock.advance_secs(30);
        // The other node has state and key in memory.
        run(&second, &caller, "mia", &verify(&recovery[0])).await.expect("judged");
        assert!(second.vault().cached(&caller.tenant.id, &mia.token).is_some());
        let provider = Caller { context: RequestContext::system(), ..caller.clone() };
        first.erase(&provider, &mia).await.expect("erased");

        if by_writing {
            let right = code(&secret, world.clock_now());
            let answer = run(&second, &caller, "mia", &verify(right.expose())).await;
            assert!(matches!(answer, Err(EngineError::Refused(Refusal::UserErased))), "{answer:?}");
        } else {
            let answer = second.user_state(&caller, &mia).await;
            assert!(matches!(answer, Err(EngineError::Refused(Refusal::UserErased))));
        }
        assert!(second.vault().cached(&caller.tenant.id, &mia.token).is_none(), "the key is gone from memory");
        assert!(second.vault().existing(&caller.tenant.id, &mia.token).await.is_err());
    }
}

/// Nothing is appended when no code is asked for, so no conflict tells that the state is an old one.
#[tokio::test]
async fn an_old_state_never_says_that_no_second_factor_is_needed() {
    let world = World::new();
    let (first, second) = (world.node().await, world.node().await);
    let caller =
        tenant(&first, "t", serde_json::json!({"methods": {"allowed": ["totp", "email"], "max_active": 2}})).await;
    let system = Caller { context: RequestContext::system(), ..caller.clone() };
    let ask = Ask::OpenChallenge { purpose: Purpose::Login, method: None, destination: None };
    crate::snapshots::touch(&first, &system, "mia", 0).await;
    let none = run(&second, &caller, "mia", &ask).await.expect("answered");
    assert_eq!(none.challenge, None, "no factor yet");
    enrolled(&first, &caller, "mia").await;
    let asked = run(&second, &caller, "mia", &ask).await.expect("answered");
    assert!(asked.challenge.is_some(), "the factor of a moment ago counts");
}

#[tokio::test]
async fn an_old_state_never_calls_a_right_code_malformed() {
    let world = World::new();
    let (first, second) = (world.node().await, world.node().await);
    let caller = tenant(&first, "t", serde_json::json!({})).await;
    let (secret, _) = enrolled(&first, &caller, "mia").await;
    world.clock.advance_secs(30);
    let known = code(&secret, world.clock_now());
    run(&second, &caller, "mia", &verify(known.expose())).await.expect("judged");
    // The other node gives the user an authenticator of eight digits.
    let digits = serde_json::json!({"totp": {"digits": 8}});
    first.patch_settings(&caller.tenant.id, digits, &RequestContext::system()).await.expect("patched");
    let caller = Caller { tenant: first.directory().tenant(&caller.tenant.id).expect("there"), ..caller };
    let provider = Caller { context: RequestContext::system(), ..caller.clone() };
    run(&first, &provider, "mia", &Ask::Reset(confirmed())).await.expect("reset");
    let start = Ask::StartEnrolment { method: Method::Totp, destination: None, reauth: confirmed() };
    let started = run(&first, &caller, "mia", &start).await.expect("started");
    let (secret, id) = (started.secret.expect("shown"), started.enrolment.expect("pending").parse_id());
    let at = |now| code_of_digits(&secret, now, 8);
    run(&first, &caller, "mia", &Ask::ConfirmEnrolment(id, typed(&at(world.clock_now())))).await.expect("confirmed");
    world.clock.advance_secs(30);
    let answer = run(&second, &caller, "mia", &verify(&at(world.clock_now()))).await.expect("judged");
    assert_eq!(answer.outcome, "verified");
}

#[tokio::test]
async fn an_old_state_never_refuses_what_is_right_by_now() {
    let world = World::new();
    let (first, second) = (world.node().await, world.node().await);
    let caller =
        tenant(&first, "t", serde_json::json!({"methods": {"allowed": ["totp", "email"], "max_active": 2}})).await;
    enrolled(&first, &caller, "mia").await;
    let mia = whom(&second, &caller, "mia");
    second.current(&mia.subject).await.expect("there");
    let challenge: ChallengeId = challenge(&first, &caller, "mia", Method::Totp).await;
    let resend = run(&second, &caller, "mia", &Ask::ResendChallengeCode(challenge)).await;
    assert!(!matches!(resend, Err(EngineError::Refused(Refusal::ChallengeNotFound))), "{resend:?}");
}
