//! A retry with the same key gets the first answer and changes nothing.

use serde_json::json;

use crate::support::{TestApp, totp_code};

#[tokio::test]
async fn the_same_key_and_body_get_the_same_answer() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    let (secret, _) = tenant.enrol_totp("alice").await;
    app.clock.advance_secs(60);
    let body = json!({ "code": totp_code(&secret, app.now()) });
    let call = tenant.post("/v1/users/alice/verify").json(&body).header("idempotency-key", "k1");
    let first = call.clone().send().await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, ""));
    let head = app.head().await;
    let second = call.clone().send().await;
    assert_eq!((second.status, second.header("idempotency-replayed")), (200, "true"));
    assert_eq!(second.json(), first.json());
    assert_eq!(app.head().await, head, "no second event");
    // Without the key the code is spent.
    let spent = tenant.post("/v1/users/alice/verify").json(&body).expect(422).await;
    assert_eq!((spent["code"].as_str(), spent["verified"].as_bool()), (Some("already_used"), Some(false)));
}

#[tokio::test]
async fn another_body_is_refused_and_other_routes_are_apart() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    let (_, done) = tenant.enrol_totp("alice").await;
    assert_eq!(done["recovery_codes"].as_array().expect("codes").len(), 10);
    let call =
        |body: serde_json::Value| tenant.post("/v1/users/alice/verify").json(&body).header("idempotency-key", "k1");
    call(json!({ "code": "000000" })).expect(422).await;
    let head = app.head().await;
    let other = call(json!({ "code": "000001" })).expect(422).await;
    assert_eq!(other["code"], "idempotency_key_reused");
    assert_eq!(app.head().await, head);
    let elsewhere =
        tenant.post("/v1/users/alice/challenges").json(&json!({})).header("idempotency-key", "k1").send().await;
    assert_eq!((elsewhere.status, elsewhere.header("idempotency-replayed")), (201, ""));
    for bad in ["", &"x".repeat(129)] {
        let answer =
            tenant.post("/v1/users/alice/challenges").json(&json!({})).header("idempotency-key", bad).send().await;
        assert_eq!(answer.code(), "invalid_idempotency_key");
    }
}

/// What is shown once is not shown by a retry (S0-06, invariant 5).
#[tokio::test]
async fn a_retry_shows_no_secret_again() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    tenant.user("alice", json!({})).await;
    let body = json!({ "method": "totp", "reauth": { "confirmed": true } });
    let start = tenant.post("/v1/users/alice/enrolments").json(&body).header("idempotency-key", "start");
    let first = start.clone().expect(201).await;
    let secret = first["totp"]["secret"].as_str().expect("shown").to_owned();
    let again = start.send().await;
    assert_eq!((again.status, again.json()["id"].as_str()), (201, first["id"].as_str()));
    assert!(!again.text.contains(&secret) && !again.text.contains("otpauth"), "{}", again.text);

    let path = format!("/v1/users/alice/enrolments/{}/confirm", first["id"].as_str().expect("id"));
    let confirm =
        tenant.post(&path).json(&json!({ "code": totp_code(&secret, app.now()) })).header("idempotency-key", "confirm");
    let done = confirm.clone().expect(200).await;
    assert_eq!(done["recovery_codes"].as_array().expect("codes").len(), 10);
    let again = confirm.expect(200).await;
    assert_eq!((again.get("recovery_codes"), again["recovery_codes_left"].as_u64()), (None, Some(10)));
}
