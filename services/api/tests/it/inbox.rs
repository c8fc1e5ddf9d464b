//! The test inbox.

use serde_json::{Value, json};

use crate::support::{Tenant, TestApp};

fn rules() -> Value {
    json!({ "brand": "Example", "methods": { "allowed": ["email", "sms"], "max_active": 2 }, "sms": { "default_country": "GB" } })
}

async fn messages(tenant: &Tenant<'_>, query: &str) -> Vec<Value> {
    let answer = tenant.app.get(&format!("/v1/test/messages{query}")).key(&tenant.test).expect(200).await;
    answer["items"].as_array().expect("items").clone()
}

async fn enrol(tenant: &Tenant<'_>, user: &str, method: &str) {
    let body = json!({ "method": method, "reauth": { "confirmed": true } });
    let path = format!("/v1/users/{user}/enrolments");
    let started = tenant.app.post(&path).key(&tenant.test).json(&body).expect(201).await;
    let message = messages(tenant, &format!("?user={user}&limit=1")).await.remove(0);
    assert_eq!((message["kind"].as_str(), message["user"].as_str()), (Some("enrolment"), Some(user)));
    let path = format!("{path}/{}/confirm", started["id"].as_str().expect("id"));
    tenant.app.post(&path).key(&tenant.test).json(&json!({ "code": message["code"] })).expect(200).await;
}

#[tokio::test]
async fn a_test_panel_reads_the_code_and_logs_in() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    let profile = json!({ "email": "alice@example.com", "phone": "+447400123456" });
    app.put("/v1/users/alice").key(&tenant.test).json(&profile).expect(200).await;
    enrol(&tenant, "alice", "email").await;
    app.clock.advance_secs(60);
    let opened = app.post("/v1/users/alice/challenges").key(&tenant.test).json(&json!({})).expect(201).await;
    let message = messages(&tenant, "?user=alice").await.remove(0);
    assert_eq!((message["kind"].as_str(), message["channel"].as_str()), (Some("login"), Some("email")));
    assert_eq!(
        (message["destination"].as_str(), message["status"].as_str()),
        (Some("alice@example.com"), Some("pending"))
    );
    assert_eq!(message["subject"], "Example: for alice");
    let code = message["code"].as_str().expect("a code");
    assert_eq!(message["text"], format!("code {code}"));
    assert!(message["html"].as_str().expect("html").contains(code));
    assert_eq!(message["requested_at"], app.now().to_rfc3339());
    let path = format!("/v1/users/alice/challenges/{}/verify", opened["id"].as_str().expect("id"));
    let verified = app.post(&path).key(&tenant.test).json(&json!({ "code": code })).expect(200).await;
    assert_eq!(verified["verified"], true);
}

#[tokio::test]
async fn notices_carry_no_code_and_erasure_empties_the_inbox() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    app.put("/v1/users/alice").key(&tenant.test).json(&json!({ "email": "alice@example.com" })).expect(200).await;
    enrol(&tenant, "alice", "email").await;
    let listed = messages(&tenant, "").await;
    let notice = listed.iter().find(|message| message["kind"] == "two_factor_enabled").expect("a notice");
    assert!(notice.get("code").is_none());
    app.call("DELETE", "/v1/users/alice").key(&tenant.test).expect(204).await;
    let listed = messages(&tenant, "").await;
    assert!(!listed.is_empty());
    assert!(
        listed.iter().all(|message| message["destination"].is_null()
            && message["user"].is_null()
            && message.get("code").is_none()),
        "{listed:?}"
    );
}

#[tokio::test]
async fn a_live_key_gets_nothing_and_live_messages_are_never_there() {
    let app = TestApp::start().await;
    let tenant = app.tenant("one", rules()).await;
    tenant.user("bob", json!({ "email": "bob@example.com" })).await;
    let body = json!({ "method": "email", "reauth": { "confirmed": true } });
    tenant.post("/v1/users/bob/enrolments").json(&body).expect(201).await;
    let refused = tenant.get("/v1/test/messages").expect(403).await;
    assert_eq!(refused["code"], "test_key_required");
    assert_eq!(messages(&tenant, "").await, Vec::<Value>::new());
    assert_eq!(messages(&tenant, "?user=bob").await, Vec::<Value>::new());
    for query in ["?limit=0", "?limit=101", "?user=%00"] {
        app.get(&format!("/v1/test/messages{query}")).key(&tenant.test).expect(422).await;
    }
    let head = app.head().await.0;
    let listed = tenant
        .get(&format!("/v1/deliveries?user=bob&status=pending&channel=email&min_position={head}"))
        .expect(200)
        .await;
    assert_eq!(
        (listed["items"][0]["user"].as_str(), listed["items"][0]["purpose"].as_str()),
        (Some("bob"), Some("enrolment"))
    );
    assert!(!listed.to_string().contains("bob@"), "no destination in it");
    assert_eq!(tenant.get("/v1/deliveries?status=dead").expect(200).await["items"], json!([]));
}
