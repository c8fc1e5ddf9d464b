//! API keys made with API keys.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_key_is_shown_once_and_dies_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let made = tenant.post("/v1/api-keys").json(&json!({ "label": "login page", "scopes": ["login"] })).send().await;
    assert_eq!((made.status, made.header("cache-control")), (201, "no-store"));
    let made = made.json();
    let (key, id) = (made["key"].as_str().expect("key"), made["id"].as_str().expect("id"));
    assert!(key.starts_with("tf_live_"));
    assert_eq!((made["mode"].as_str(), made["scopes"].clone()), (Some("live"), json!(["login"])));
    app.get("/v1/users/nobody").key(key).expect(404).await;
    let listed = tenant.get("/v1/api-keys").send().await;
    assert!(listed.text.contains(id) && !listed.text.contains(key));
    tenant.call("DELETE", &format!("/v1/api-keys/{id}")).expect(204).await;
    app.get("/v1/users/nobody").key(key).expect(401).await;
    tenant.call("DELETE", &format!("/v1/api-keys/{id}")).expect(404).await;
    tenant.call("DELETE", "/v1/api-keys/none").expect(404).await;
}

#[tokio::test]
async fn a_key_grants_only_what_it_has() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let weak = app.key_with(&tenant.id, &["keys", "audit"]).await;
    let make = |key: &str, body: serde_json::Value| app.post("/v1/api-keys").key(key).json(&body).send();
    let refused = make(&weak, json!({ "label": "x", "scopes": ["login"] })).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "scope_not_grantable"));
    assert_eq!(make(&weak, json!({ "label": "x" })).await.code(), "scope_not_grantable");
    assert_eq!(make(&weak, json!({ "label": "x", "scopes": ["audit"] })).await.status, 201);
    let refused = make(&tenant.test, json!({ "label": "x", "mode": "live" })).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "mode_not_grantable"));
    let test = make(&tenant.test, json!({ "label": "x" })).await;
    assert_eq!((test.status, test.json()["mode"].as_str()), (201, Some("test")));
    assert_eq!(make(&tenant.live, json!({ "label": "x", "mode": "test" })).await.json()["mode"], "test");
}

#[tokio::test]
async fn a_test_key_knows_nothing_of_live_keys() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", json!({})).await;
    let listed = app.get("/v1/api-keys").key(&tenant.test).expect(200).await;
    assert_eq!(listed["items"].as_array().expect("items").len(), 1);
    let refused = app.call("DELETE", &format!("/v1/api-keys/{}", tenant.live_id)).key(&tenant.test).expect(404).await;
    assert_eq!(refused["code"], "api_key_not_found");
    tenant.get("/v1/settings").expect(200).await;
}
