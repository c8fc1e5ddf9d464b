//! Replayed state, as support asks for it.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_user_can_be_seen_as_he_was() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let before = app.now().to_rfc3339();
    app.clock.advance_secs(60);
    let registered =
        tenant.user("alice", json!({ "email": "alice@example.com", "account": "acme", "role": "admin" })).await;
    let position = registered["position"].as_u64().expect("a position");
    app.clock.advance_secs(60);
    tenant.enrol_totp("alice").await;
    for _ in 0..5 {
        tenant.post("/v1/users/alice/verify").json(&json!({ "code": "000000" })).expect(422).await;
    }
    let locked_at = app.now().to_rfc3339();
    app.clock.advance_secs(3600);

    let now = tenant.get("/v1/users/alice/state").expect(200).await;
    assert_eq!(
        (now["status"].as_str(), now["login"]["requirement"].as_str()),
        (Some("enabled"), Some("code_required"))
    );
    assert_eq!(now["profile"]["user"], "alice");
    assert_eq!((now["profile"]["account"].as_str(), now["profile"]["role"].as_str()), (Some("acme"), Some("admin")));
    assert!(
        now["profile"]["email"].as_str().is_some_and(|email| email.contains('*') || !email.starts_with("alice@")),
        "{now}"
    );
    assert!(now["factors"][0]["last_step"].as_u64().is_some());
    assert_eq!((now["factors"][0]["method"].as_str(), now["recovery_codes_left"].as_u64()), (Some("totp"), Some(10)));
    assert_eq!((now["budgets"][0]["failures"].as_u64(), now["budgets"][0]["locked"].as_bool()), (Some(5), Some(false)));

    let then = tenant.get(&format!("/v1/users/alice/state?at={locked_at}")).expect(200).await;
    assert_eq!(
        (then["budgets"][0]["locked"].as_bool(), then["budgets"][0]["attempts_left"].as_u64()),
        (Some(true), Some(0))
    );
    assert!(then["budgets"][0]["locked_until"].is_string());
    assert_eq!(then["position"], now["position"]);

    let first = tenant.get(&format!("/v1/users/alice/state?at={position}")).expect(200).await;
    assert_eq!((first["position"].as_u64(), first["status"].as_str()), (Some(position), Some("disabled")));
    assert_eq!((first["factors"].clone(), first["login"]["because"].as_str()), (json!([]), Some("not_enabled")));
    assert_eq!(first["last_event_at"], first["registered_at"]);

    let none = tenant.get(&format!("/v1/users/alice/state?at={before}")).expect(404).await;
    assert_eq!(none["code"], "user_not_found");
    tenant.get("/v1/users/nobody/state").expect(404).await;
}

/// The rules are those of then, not those of today.
#[tokio::test]
async fn the_rules_of_then_apply() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "policy": "required" })).await;
    let made = tenant.user("alice", json!({ "account": "acme" })).await;
    tenant.call("PATCH", "/v1/settings").json(&json!({ "policy": "off" })).expect(200).await;
    let now = tenant.get("/v1/users/alice/state").expect(200).await;
    assert_eq!(now["login"]["because"], "policy_off");
    let then = tenant.get(&format!("/v1/users/alice/state?at={}", made["position"])).expect(200).await;
    assert_eq!(then["login"]["requirement"], "setup_required");
    assert_eq!(then["login"]["methods"], json!(["totp"]));
}

#[tokio::test]
async fn an_open_login_is_shown_without_its_code() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "methods": { "allowed": ["email"] }, "policy": "required", "enrolment": { "trigger": ["next_login"] } })).await;
    tenant.user("alice", json!({ "email": "alice@example.com" })).await;
    let opened = tenant.post("/v1/users/alice/challenges").json(&json!({})).expect(201).await;
    let state = tenant.get("/v1/users/alice/state").expect(200).await;
    assert_eq!(state["challenges"][0]["id"], opened["id"]);
    assert_eq!(
        (state["challenges"][0]["closed"].is_null(), state["challenges"][0]["expired"].as_bool()),
        (true, Some(false))
    );
    assert_eq!(state["enrolment"]["method"], "email");
    assert!(state["enrolment"]["code"]["message"].is_string() && state["enrolment"]["code"].get("nonce").is_none());
}
