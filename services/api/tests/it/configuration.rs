//! Settings, channels and accounts.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn settings_are_patched_and_in_force_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({ "brand": "One" })).await;
    let first = tenant.get("/v1/settings").expect(200).await;
    assert_eq!(first["document"], json!({ "brand": "One" }));
    assert_eq!(
        (first["effective"]["totp"]["digits"].as_u64(), first["effective"]["brand"].as_str()),
        (Some(6), Some("One"))
    );
    let patch = json!({ "totp": { "digits": 8 }, "brand": null }).to_string().into_bytes();
    let answer = tenant
        .call("PATCH", "/v1/settings")
        .bytes("application/merge-patch+json", patch)
        .header("x-request-id", "patch-1")
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let second = answer.json();
    assert_eq!(second["document"], json!({ "totp": { "digits": 8 } }));
    assert_eq!(second["effective"]["brand"], "Twofold");
    assert!(second["position"].as_u64() > first["position"].as_u64());
    assert_eq!(answer.header("twofold-position"), second["position"].to_string());
    assert_eq!(tenant.get("/v1/settings").expect(200).await, second);
    let head = app.head().await;
    tenant.call("PATCH", "/v1/settings").json(&json!({ "totp": { "digits": 8 } })).expect(200).await;
    assert_eq!(app.head().await, head, "no change, no event");
    let audit = tenant.audit("&kind=tenant.settings_changed").await;
    assert_eq!(
        (audit["items"][0]["request_id"].as_str(), audit["items"][0]["actor"]["type"].as_str()),
        (Some("patch-1"), Some("system"))
    );
    assert!(audit["items"][0]["user"].is_null());
    let refused = tenant
        .call("PATCH", "/v1/settings")
        .json(&json!({ "templates": { "xx": { "login_code.text": "{{" } } }))
        .expect(422)
        .await;
    assert_eq!(refused["errors"][0]["field"], "templates");
}

#[tokio::test]
async fn a_channel_never_shows_its_credentials() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let none = tenant.get("/v1/channels/email").expect(200).await;
    assert_eq!(
        (none["configured"].as_bool(), none["operator_default"].as_bool(), none["config"].is_null()),
        (Some(false), Some(true), true)
    );
    let config = json!({ "host": "mail.example.com", "password": "canary-secret" });
    let set = tenant.put("/v1/channels/email").json(&config).send().await;
    assert_eq!(set.status, 200, "{}", set.text);
    let got = tenant.get("/v1/channels/email").send().await;
    assert_eq!(
        (got.json()["configured"].as_bool(), got.json()["config"].clone()),
        (Some(true), json!({ "host": "mail.example.com" }))
    );
    assert!(!set.text.contains("canary") && !got.text.contains("canary"));
    assert!(!tenant.audit("").await.to_string().contains("canary"));
    tenant.call("DELETE", "/v1/channels/email").expect(204).await;
    tenant.call("DELETE", "/v1/channels/email").expect(204).await;
    assert_eq!(tenant.get("/v1/channels/email").expect(200).await["configured"], false);
    tenant.get("/v1/channels/fax").expect(404).await;
}

#[tokio::test]
async fn an_account_overrides_the_tenants_settings_for_its_users() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let empty = tenant.get("/v1/accounts/Acme").expect(200).await;
    assert_eq!(
        (empty["account"].as_str(), empty["overrides"].clone(), empty["position"].as_u64()),
        (Some("acme"), json!({}), Some(0))
    );
    let set = tenant.put("/v1/accounts/acme").json(&json!({ "overrides": { "policy": "required" } })).expect(200).await;
    assert_eq!(
        (set["effective"]["policy"].as_str(), set["overrides"].clone()),
        (Some("required"), json!({ "policy": "required" }))
    );
    tenant.user("alice", json!({ "account": "acme" })).await;
    tenant.user("bob", json!({})).await;
    assert_eq!(tenant.get("/v1/users/alice").expect(200).await["status"], "setup_pending");
    assert_eq!(tenant.get("/v1/users/bob").expect(200).await["status"], "disabled");
    // Accounts of test users are others.
    let test = app.get("/v1/accounts/acme").key(&tenant.test).expect(200).await;
    assert_eq!(test["overrides"], json!({}));
    let refused =
        tenant.put("/v1/accounts/acme").json(&json!({ "overrides": { "totp": { "digits": 7 } } })).expect(422).await;
    assert_eq!(refused["errors"][0]["field"], "totp.digits");
    tenant.put("/v1/accounts/acme").json(&json!({ "overrides": {} })).expect(200).await;
    assert_eq!(tenant.get("/v1/users/alice").expect(200).await["status"], "disabled");
}
